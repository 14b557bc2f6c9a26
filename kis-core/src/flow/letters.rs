//! What a flow asks of its dead letters, as far as it can be had.

use kis_conf::{Code, FlowConf, Order, Problem};

/// What `dead_letter` asks for and is not built yet: without this it would be silently not so.
pub(super) fn not_yet(flow: &FlowConf) -> impl Iterator<Item = Problem> {
    let conn = flow.dead_letter.conn.as_ref().map(|conn| {
        let text = format!("connector {} cannot take dead letters", conn.value);
        Problem::error(Code::NotAvailable, &conn.place, text)
            .help("leave `cname` and `key` out: dead letters are kept in the embedded store, where `dlq` finds them")
    });
    let keyed = flow
        .sources
        .iter()
        .all(|source| matches!(source.order, Order::By(_)));
    let order = (flow.dead_letter.keep_order && !keyed).then(|| {
        let text = format!(
            "flow {}: `dead_letter: {{ keep_order: true }}` keeps the order of a key, and its rows have none",
            flow.name.value
        );
        Problem::error(Code::NotAvailable, &flow.name.place, text)
            .help("say `order: { by: FIELD }` at every source of the flow")
    });
    conn.into_iter().chain(order)
}
