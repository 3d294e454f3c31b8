//! What became of a preview, as it is told; once it is finished, that is its receipt, the same for ever.

use crate::time::Time;
use data_encoding::HEXLOWER;
use rollcall_model::revocation::{Begun, Finished, NodeLag, Progress, Revocation};
use rollcall_service::KeptRevocation;
use schemars::JsonSchema;
use serde::Serialize;

/// What became of a preview.
#[derive(Serialize, JsonSchema)]
pub struct Receipt<'a> {
    id: &'a str,
    state: RevocationState,
    /// The filter, in its canonical form; empty for everything.
    filter: &'a str,
    /// The digest of the frozen set, in hex.
    digest: String,
    /// How many sessions were frozen.
    count: u64,
    previewed_at: Time,
    /// From when on the preview can no longer be carried out.
    expires_at: Time,
    #[serde(flatten)]
    begun: Option<BegunWire<'a>>,
    #[serde(flatten)]
    finished: Option<FinishedWire<'a>>,
}

/// How far it is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum RevocationState {
    Previewed,
    Running,
    Finished,
}

/// That it was begun.
#[derive(Serialize, JsonSchema)]
struct BegunWire<'a> {
    /// Why, in its maker's words.
    reason: &'a str,
    begun_at: Time,
    /// The event that began it.
    first_seq: u64,
    /// Sessions that it ended so far.
    ended: u64,
    /// Sessions that had ended otherwise.
    already_gone: u64,
}

/// That it is finished.
#[derive(Serialize, JsonSchema)]
struct FinishedWire<'a> {
    /// Sessions that the filter finds and that were opened since the preview; null when counting took too long.
    newer: Option<u64>,
    finished_at: Time,
    took_ms: i64,
    /// The event that finished it.
    last_seq: u64,
    /// Its hash, in hex.
    head_hash: Option<String>,
    /// How long tokens were good after their ending was committed, at the most: on the node that finished it, and on each
    /// other that was heard of and followed to its end.
    lag: Vec<Lag<'a>>,
}

/// The lag on a node.
#[derive(Serialize, JsonSchema)]
struct Lag<'a> {
    node: &'a str,
    /// In microseconds.
    lag_us: u64,
}

impl<'a> From<&'a NodeLag> for Lag<'a> {
    fn from(NodeLag { node, lag }: &'a NodeLag) -> Self {
        Self { node, lag_us: u64::try_from(lag.as_micros()).unwrap_or(u64::MAX) }
    }
}

impl<'a> From<&'a KeptRevocation> for Receipt<'a> {
    fn from(kept: &'a KeptRevocation) -> Self {
        let Revocation { preview, begun, progress, finished } = &kept.revocation;
        let closed = begun.as_ref().zip(finished.as_ref());
        Self {
            id: preview.id.as_str(),
            state: match (begun, finished) {
                (None, _) => RevocationState::Previewed,
                (Some(_), None) => RevocationState::Running,
                (Some(_), Some(_)) => RevocationState::Finished,
            },
            filter: &preview.filter,
            digest: HEXLOWER.encode(&preview.digest.0),
            count: preview.count,
            previewed_at: Time(preview.made_at),
            expires_at: Time(preview.expires_at),
            begun: begun.as_ref().map(|begun| BegunWire::new(begun, *progress)),
            finished: closed.map(|(begun, finished)| FinishedWire::new(begun, finished, kept.head)),
        }
    }
}

impl<'a> BegunWire<'a> {
    fn new(begun: &'a Begun, progress: Progress) -> Self {
        Self {
            reason: &begun.reason,
            begun_at: Time(begun.at),
            first_seq: begun.seq.0,
            ended: progress.ended,
            already_gone: progress.gone_through - progress.ended,
        }
    }
}

impl<'a> FinishedWire<'a> {
    fn new(begun: &Begun, finished: &'a Finished, head: Option<[u8; 32]>) -> Self {
        let closing = &finished.closing;
        Self {
            newer: closing.newer,
            finished_at: Time(finished.at),
            took_ms: finished.at.as_ms() - begun.at.as_ms(),
            last_seq: finished.seq.0,
            head_hash: head.map(|hash| HEXLOWER.encode(&hash)),
            lag: closing.lags.iter().map(Lag::from).collect(),
        }
    }
}
