//! The results of a function over the rows of a batch, one after the other, with the index of each.

/// Results that know from which row the last one came.
pub trait Results: Iterator {
    /// The index of the row whose result was given last.
    fn row(&self) -> usize;
}

/// The rows of a batch on their way through a function; it knows which one was taken last.
#[derive(Debug)]
pub struct Walk<I> {
    pub(crate) rows: I,
    end: usize,
}

/// Calls a function for row after row.
#[derive(Debug)]
pub(crate) struct Calls<'a, I, F> {
    walk: &'a mut Walk<I>,
    f: &'a mut F,
}

/// The results up to the next failure.
#[derive(Debug)]
pub(crate) struct UntilError<'a, R, E> {
    results: &'a mut R,
    error: &'a mut Option<E>,
}

/// One result.
#[derive(Debug)]
pub(crate) struct Once<T> {
    at: usize,
    result: Option<T>,
}

impl<I: ExactSizeIterator> Walk<I> {
    pub(crate) fn new(rows: I) -> Walk<I> {
        let end = rows.len();
        Walk { rows, end }
    }

    pub(crate) fn calls<'a, F>(&'a mut self, f: &'a mut F) -> Calls<'a, I, F> {
        Calls { walk: self, f }
    }

    /// Whether all rows were taken.
    pub(crate) fn is_done(&self) -> bool {
        self.rows.len() == 0
    }

    /// The index of the row taken last.
    #[inline]
    pub(crate) fn row(&self) -> usize {
        self.end - self.rows.len() - 1
    }
}

impl<I, F, T> Iterator for Calls<'_, I, F>
where
    I: ExactSizeIterator,
    F: FnMut(I::Item) -> T,
{
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.walk.rows.next().map(&mut *self.f)
    }
}

impl<I, F, T> Results for Calls<'_, I, F>
where
    I: ExactSizeIterator,
    F: FnMut(I::Item) -> T,
{
    #[inline]
    fn row(&self) -> usize {
        self.walk.row()
    }
}

impl<'a, R, E> UntilError<'a, R, E> {
    pub(crate) fn new(results: &'a mut R, error: &'a mut Option<E>) -> UntilError<'a, R, E> {
        UntilError { results, error }
    }
}

impl<R, T, E> Iterator for UntilError<'_, R, E>
where
    R: Results<Item = Result<T, E>>,
{
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        match self.results.next()? {
            Ok(result) => Some(result),
            Err(error) => {
                *self.error = Some(error);
                None
            }
        }
    }
}

impl<R, T, E> Results for UntilError<'_, R, E>
where
    R: Results<Item = Result<T, E>>,
{
    #[inline]
    fn row(&self) -> usize {
        self.results.row()
    }
}

impl<T> Once<T> {
    pub(crate) fn new(at: usize, result: T) -> Once<T> {
        Once {
            at,
            result: Some(result),
        }
    }
}

impl<T> Iterator for Once<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.result.take()
    }
}

impl<T> Results for Once<T> {
    fn row(&self) -> usize {
        self.at
    }
}
