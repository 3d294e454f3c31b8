//! What became of a preview, as it is told; once it is finished, that is its receipt, the same for ever.

use data_encoding::HEXLOWER;
use rollcall_model::revocation::Revocation;
use rollcall_service::KeptRevocation;
use serde_json::{Value, json};

/// As JSON.
pub fn receipt(kept: &KeptRevocation) -> Value {
    let Revocation { preview, begun, progress, finished } = &kept.revocation;
    let mut told = json!({
        "id": preview.id.as_str(),
        "state": "previewed",
        "filter": preview.filter,
        "digest": HEXLOWER.encode(&preview.digest.0),
        "count": preview.count,
        "previewed_at": preview.made_at.to_string(),
        "expires_at": preview.expires_at.to_string(),
    });
    let Some(begun) = begun else { return told };
    told["state"] = json!("running");
    told["reason"] = json!(begun.reason);
    told["begun_at"] = json!(begun.at.to_string());
    told["first_seq"] = json!(begun.seq.0);
    told["ended"] = json!(progress.ended);
    told["already_gone"] = json!(progress.gone_through - progress.ended);
    let Some(finished) = finished else { return told };
    let closing = &finished.closing;
    told["state"] = json!("finished");
    told["newer"] = json!(closing.newer);
    told["finished_at"] = json!(finished.at.to_string());
    told["took_ms"] = json!(finished.at.as_ms() - begun.at.as_ms());
    told["last_seq"] = json!(finished.seq.0);
    told["head_hash"] = json!(kept.head.map(|hash| HEXLOWER.encode(&hash)));
    let lag_us = u64::try_from(closing.lag.as_micros()).unwrap_or(u64::MAX);
    told["lag"] = json!([{ "node": closing.node, "lag_us": lag_us }]);
    told
}
