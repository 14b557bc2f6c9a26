//! A source and a connector as a third party writes them, with nothing but the public contracts, pass the suite.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use kis_conn::suite::{ConnectorUnderTest, SourceUnderTest, check_connector, check_source};
use kis_conn::{
    BatchLimit, Block, BoxFuture, ConnError, ConnSpec, Connector, ErrorClass, LaneContext, Layout, Nature,
    Next, OpenError, Partition, Position, RawRows, Reader, RowError, Source, SourceFacts, Store,
};

/// Days as rows, one partition a month.
struct Calendar {
    months: BTreeMap<&'static str, u32>,
}

impl Source for Calendar {
    fn facts(&self) -> SourceFacts {
        SourceFacts {
            nature: Nature::Log,
            replayable: true,
            bounded: true,
        }
    }

    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, ConnError>> {
        Box::pin(async { Ok(self.months.keys().map(Partition::new).collect()) })
    }

    fn read<'a>(
        &'a self,
        partition: &'a Partition,
        from: Option<&'a Position>,
    ) -> BoxFuture<'a, Result<Box<dyn Reader>, ConnError>> {
        Box::pin(async move {
            let days = self.months.get(partition.as_str());
            let strange = || ConnError::fatal("no_month", format!("{partition} is not a month"));
            let days = *days.ok_or_else(strange)?;
            // The first byte of a position is the version of its format.
            let done = match from.map(Position::as_bytes) {
                None => 0,
                Some(&[1, day]) if u32::from(day) <= days => u32::from(day),
                Some(_) => return Err(ConnError::fatal("position", "not a position of a calendar")),
            };
            let month = partition.as_str().to_owned();
            Ok(Box::new(Days { month, days, done }) as Box<dyn Reader>)
        })
    }

    fn commit<'a>(&'a self, _: &'a [(Partition, Position)]) -> BoxFuture<'a, Result<(), ConnError>> {
        Box::pin(async { Ok(()) })
    }

    fn close(&self) -> BoxFuture<'_, Result<(), ConnError>> {
        Box::pin(async { Ok(()) })
    }
}

struct Days {
    month: String,
    days: u32,
    done: u32,
}

impl Reader for Days {
    fn next(&mut self, limit: BatchLimit) -> BoxFuture<'_, Result<Next, ConnError>> {
        Box::pin(async move {
            if self.done == self.days {
                return Ok(Next::Ended);
            }
            let first = self.done + 1;
            let most = limit.rows.min((limit.bytes / 7).clamp(1, 31) as u32);
            self.done = self.days.min(self.done + most);
            let rows = (first..=self.done).map(|day| format!("{} {day:02}", self.month));
            let rows = RawRows::from_rows(&self.month, u64::from(first), Layout::Raw, rows);
            let after = Position::new(vec![1, self.done as u8]);
            Ok(Next::Block(Block { rows, after }))
        })
    }
}

fn months() -> BTreeMap<&'static str, u32> {
    BTreeMap::from([("feb", 28), ("jan", 31)])
}

struct CalendarCase;

impl SourceUnderTest for CalendarCase {
    async fn open(&self) -> Result<Arc<dyn Source>, OpenError> {
        Ok(Arc::new(Calendar { months: months() }))
    }

    fn rows(&self) -> Vec<(String, Vec<String>)> {
        let days = |month: &str, days: u32| (1..=days).map(|day| format!("{month} {day:02}")).collect();
        let month = |(month, count): (&str, u32)| (month.to_owned(), days(month, count));
        months().into_iter().map(month).collect()
    }
}

/// A wall on which everybody writes; a note may have a thousand and more letters, but no question mark.
#[derive(Clone, Default)]
struct Wall {
    notes: Arc<Mutex<Vec<String>>>,
}

impl Connector for Wall {
    const KIND: &'static str = "wall";
    type Params = ();
    type Client = Wall;

    async fn open(_: ConnSpec<()>) -> Result<Self, ConnError> {
        Ok(Wall::default())
    }

    fn client(&self, _: &LaneContext) -> Wall {
        self.clone()
    }
}

impl Wall {
    fn write(&self, notes: &[&str]) -> Result<(), ConnError> {
        let (asks, fine): (Vec<_>, Vec<_>) = notes
            .iter()
            .enumerate()
            .partition(|(_, note)| note.ends_with('?'));
        let fine = fine.into_iter().map(|(_, note)| (*note).to_owned());
        self.notes.lock().unwrap().extend(fine);
        if asks.is_empty() {
            return Ok(());
        }
        let refused = |(index, _)| {
            let error = RowError {
                class: ErrorClass::Reject,
                code: "question".into(),
                message: "a wall answers no questions".to_owned(),
            };
            (index, error)
        };
        Err(ConnError::of_rows(asks.into_iter().map(refused).collect()))
    }
}

struct WallCase(Wall);

impl ConnectorUnderTest for WallCase {
    type Connector = Wall;

    async fn open(&self, _: &str, _: &Store) -> Result<Arc<Wall>, ConnError> {
        Ok(Arc::new(self.0.clone()))
    }

    async fn write(&self, client: &Wall, rows: &[&str]) -> Result<(), ConnError> {
        client.write(rows)
    }

    async fn rows(&self, wall: &Wall) -> Result<Vec<String>, ConnError> {
        Ok(wall.notes.lock().unwrap().clone())
    }

    fn refused(&self) -> Option<&str> {
        Some("who was here?")
    }
}

#[tokio::test]
async fn the_calendar_passes() {
    check_source(async || CalendarCase).await.assert_passed();
}

#[tokio::test]
async fn the_wall_passes() {
    let report = check_connector(async |_: &Store| WallCase(Wall::default())).await;
    report.assert_passed();
    assert!(report.passed().contains(&"failed_row"));
}
