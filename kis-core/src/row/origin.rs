//! From which row of the stage's input each row of a batch came.

/// From which rows the rows of a batch were made. It costs nothing while rows are one to one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Row `i` came from row `i`.
    #[default]
    Same,
    /// Row `i` came from row `v[i]`; never descending.
    Each(Vec<u32>),
    /// Every row stands for the whole batch.
    All,
}

impl AsRef<Origin> for Origin {
    fn as_ref(&self) -> &Origin {
        self
    }
}

impl Origin {
    /// The origin of row `i`; `None` when it is the whole batch.
    #[inline]
    pub fn of(&self, i: usize) -> Option<u32> {
        match self {
            Origin::Same => Some(i as u32),
            Origin::Each(rows) => Some(rows[i]),
            Origin::All => None,
        }
    }

    /// The origins of rows that came, as `next` says, from rows with these origins.
    #[must_use]
    pub fn then(self, next: Origin) -> Origin {
        match (self, next) {
            (Origin::All, _) | (_, Origin::All) => Origin::All,
            (origin, Origin::Same) => origin,
            (Origin::Same, next) => next,
            (Origin::Each(rows), Origin::Each(next)) => {
                Origin::Each(next.into_iter().map(|i| rows[i as usize]).collect())
            }
        }
    }

    /// Keeps the origins of the rows that `keep` marks.
    pub fn retain(&mut self, keep: &[bool]) {
        let kept = keep.iter().map(|keep| usize::from(*keep)).sum();
        let mut rows = Vec::with_capacity(kept);
        match self {
            Origin::Same => {
                let marked = keep.iter().zip(0u32..).filter(|(keep, _)| **keep);
                rows.extend(marked.map(|(_, i)| i));
                *self = Origin::Each(rows);
            }
            Origin::Each(old) => {
                let marked = keep.iter().zip(&*old).filter(|(keep, _)| **keep);
                rows.extend(marked.map(|(_, origin)| *origin));
                *old = rows;
            }
            Origin::All => {}
        }
    }
}
