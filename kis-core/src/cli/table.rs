//! Tables for people.

use comfy_table::{Cell, CellAlignment, ColumnConstraint, Table, presets};

/// Rows under a heading. Columns whose numbers are in `right` are aligned to the right. Ends with a line break.
pub(super) fn table(
    heading: &[&str],
    right: &[usize],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(heading.iter().map(|text| Cell::new(text.to_uppercase())));
    table.add_rows(rows);
    for (number, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if right.contains(&number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    let text = table.to_string();
    text.lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}
