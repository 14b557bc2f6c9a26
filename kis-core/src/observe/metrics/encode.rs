//! Writes one family of metrics at a time, so that a family stands together whatever it is made from.

use std::fmt;

use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

use crate::observe::Durations;

/// The labels of one sample: names that are fixed, values that stand in the configuration or in a closed list.
pub(super) type Labels<'a> = Vec<(&'static str, &'a str)>;

/// Writes families.
pub(super) struct Families<'a>(pub(super) DescriptorEncoder<'a>);

impl Families<'_> {
    /// Counters; `_total` is appended to the name.
    pub(super) fn counters<'a>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels<'a>, u64)>,
    ) -> fmt::Result {
        let samples = samples
            .into_iter()
            .map(|(labels, value)| (labels, ConstCounter::new(value)));
        self.family(name, help, MetricType::Counter, samples)
    }

    /// Whole numbers that go up and down.
    pub(super) fn gauges<'a>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels<'a>, u64)>,
    ) -> fmt::Result {
        let samples = samples
            .into_iter()
            .map(|(labels, value)| (labels, ConstGauge::new(value)));
        self.family(name, help, MetricType::Gauge, samples)
    }

    /// Fractions that go up and down: seconds, ratios.
    pub(super) fn fractions<'a>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels<'a>, f64)>,
    ) -> fmt::Result {
        let samples = samples
            .into_iter()
            .map(|(labels, value)| (labels, ConstGauge::new(value)));
        self.family(name, help, MetricType::Gauge, samples)
    }

    /// Durations. The bounds are seconds times `scale`.
    pub(super) fn durations<'a>(
        &mut self,
        name: &str,
        help: &str,
        scale: f64,
        samples: impl IntoIterator<Item = (Labels<'a>, Vec<&'a Durations>)>,
    ) -> fmt::Result {
        let samples = samples
            .into_iter()
            .map(|(labels, parts)| (labels, Histogram::sum_of(&parts, scale)));
        self.family(name, help, MetricType::Histogram, samples)
    }

    /// A family without samples is left out; one without labels has a single sample.
    fn family<'a, M: EncodeMetric>(
        &mut self,
        name: &str,
        help: &str,
        kind: MetricType,
        samples: impl Iterator<Item = (Labels<'a>, M)>,
    ) -> fmt::Result {
        let mut samples = samples.peekable();
        if samples.peek().is_none() {
            return Ok(());
        }
        let mut family = self.0.encode_descriptor(name, help, None, kind)?;
        if let Some((_, metric)) = samples.next_if(|(labels, _)| labels.is_empty()) {
            return metric.encode(family);
        }
        for (labels, metric) in samples {
            metric.encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

/// Durations of several counters as one histogram.
#[derive(Debug)]
struct Histogram {
    sum: f64,
    buckets: Vec<(f64, u64)>,
}

impl Histogram {
    fn sum_of(parts: &[&Durations], scale: f64) -> Histogram {
        let mut buckets: Vec<(f64, u64)> = Vec::new();
        for part in parts {
            for (i, (bound, n)) in part.buckets().into_iter().enumerate() {
                match buckets.get_mut(i) {
                    Some((_, all)) => *all += n,
                    None => buckets.push((bound * scale, n)),
                }
            }
        }
        let sum = parts.iter().map(|part| part.sum_seconds()).sum::<f64>() * scale;
        Histogram { sum, buckets }
    }
}

impl EncodeMetric for Histogram {
    fn encode(&self, mut encoder: prometheus_client::encoding::MetricEncoder<'_>) -> fmt::Result {
        let count = self.buckets.iter().map(|(_, n)| n).sum();
        encoder.encode_histogram::<prometheus_client::encoding::NoLabelSet>(
            self.sum,
            count,
            &self.buckets,
            None,
        )
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}
