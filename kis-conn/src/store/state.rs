//! Keyed state and positions as they stand in the store: looking at them, and changing them while their flow is stopped.

use std::ops::Range;

use redb::TableHandle;

use super::commit::put_all;
use super::cut::StateValue;
use super::error::StoreError;
use super::handle::Store;
use super::key::TableKey;
use super::layout::{Bytes2, POSITIONS, STATES, state_owner, state_table, take_state};
use super::record::StateRecord;
use crate::{Partition, Position};

/// The state of one step, as the store holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredState {
    /// The flow.
    pub flow: String,
    /// The step.
    pub step: String,
    /// How many keys have a value, or had one that nobody has removed yet.
    pub keys: u64,
    /// What the values look like; nothing if the version that wrote them did not say.
    pub record: Option<StateRecord>,
}

impl Store {
    /// The state of every step of every flow, sorted by flow and step. Steps whose state has no key are left out.
    pub fn states(&self) -> Result<Vec<StoredState>, StoreError> {
        let mut states: Vec<StoredState> = self
            .tables(state_owner)?
            .into_iter()
            .filter(|(_, keys)| *keys > 0)
            .map(|((flow, step), keys)| StoredState {
                flow,
                step,
                keys,
                record: None,
            })
            .collect();
        states.sort_by(|a, b| (&a.flow, &a.step).cmp(&(&b.flow, &b.step)));
        for state in &mut states {
            state.record = self.state_record(&state.flow, &state.step)?;
        }
        Ok(states)
    }

    /// What the state of a step looks like; nothing if it never had any.
    pub fn state_record(&self, flow: &str, step: &str) -> Result<Option<StateRecord>, StoreError> {
        self.get(STATES.name(), &(flow, step).key())?
            .map(|bytes| self.inner.record(&bytes))
            .transpose()
    }

    /// Hands over each key of these groups of a step's state: its group, the key, the value. In the order of group and key.
    pub fn state(
        &self,
        flow: &str,
        step: &str,
        groups: Range<u8>,
        mut each: impl FnMut(u8, &[u8], StateValue),
    ) -> Result<(), StoreError> {
        self.range(
            &state_table(flow, step),
            &[groups.start],
            Some(&[groups.end]),
            |inner, key, value| {
                let (group, key) = key
                    .split_first()
                    .ok_or_else(|| inner.corrupt("a state key is empty"))?;
                let value = take_state(value).ok_or_else(|| inner.corrupt("a state value has no head"))?;
                each(*group, key, value);
                Ok(())
            },
        )
    }

    /// The value of one key of a step's state.
    pub fn state_value(
        &self,
        flow: &str,
        step: &str,
        group: u8,
        key: &[u8],
    ) -> Result<Option<StateValue>, StoreError> {
        let stored = [&[group], key].concat();
        let Some(bytes) = self.get(&state_table(flow, step), &stored)? else {
            return Ok(None);
        };
        take_state(&bytes)
            .map(Some)
            .ok_or_else(|| self.inner.corrupt("a state value has no head"))
    }

    /// Removes the state of one step; whether it had any.
    pub fn drop_state(&self, flow: &str, step: &str) -> Result<bool, StoreError> {
        let name = state_table(flow, step);
        self.write(|write, inner| {
            put_all(write, inner, STATES, [((flow, step).key(), None::<Vec<u8>>)])?;
            write
                .delete_table(Bytes2::new(&name))
                .map_err(|error| inner.error(error))
        })
    }

    /// Gives the state of one step to another step of the flow; whether there was any. What the other one had is gone.
    pub fn move_state(&self, flow: &str, step: &str, to: &str) -> Result<bool, StoreError> {
        if step == to {
            return Ok(false);
        }
        let (from, target) = (state_table(flow, step), state_table(flow, to));
        self.write(|write, inner| {
            let mut tables = write.list_tables().map_err(|error| inner.error(error))?;
            if !tables.any(|table| table.name() == from) {
                return Ok(false);
            }
            write
                .delete_table(Bytes2::new(&target))
                .map_err(|error| inner.error(error))?;
            write
                .rename_table(Bytes2::new(&from), Bytes2::new(&target))
                .map_err(|error| inner.error(error))?;
            let mut records = write.open_table(STATES).map_err(|error| inner.error(error))?;
            let record = records
                .remove((flow, step).key().as_slice())
                .map_err(|error| inner.error(error))?
                .map(|record| record.value().to_vec());
            let key = (flow, to).key();
            match record {
                Some(record) => records.insert(key.as_slice(), record.as_slice()),
                None => records.remove(key.as_slice()),
            }
            .map_err(|error| inner.error(error))?;
            Ok(true)
        })
    }

    /// Says where a flow goes on reading a partition; without a position it begins where the source starts.
    pub fn set_position(
        &self,
        flow: &str,
        source: &str,
        partition: &Partition,
        position: Option<&Position>,
    ) -> Result<(), StoreError> {
        let key = (flow, source, partition.as_str()).key();
        let value = position.map(Position::as_bytes);
        self.write(|write, inner| put_all(write, inner, POSITIONS, [(key, value)]))
    }
}
