//! The checkpoint: will the next start read it, and how far is it behind?

use super::finding::Finding;
use crate::checkpoint_file::CheckpointFile;
use rollcall_model::Seq;
use rollcall_service::end_of_checkpoint;
use std::path::Path;

/// Nothing has to be done about one that is of no use.
const NEXT_START: &str = "nothing: the next start reads the store instead, and a clean end writes another";

/// Looks at the checkpoint in a directory whose ledger ends there.
pub fn check(data_dir: &Path, end: Seq) -> Finding {
    match end_of_checkpoint(&CheckpointFile::of(data_dir)) {
        Ok(None) => Finding::good("checkpoint", "there is none: a server writes one when it ends"),
        Ok(Some(written)) if written.seq <= end => {
            let behind = end.0 - written.seq.0;
            Finding::good(
                "checkpoint",
                format!("of event {}, {behind} events behind the ledger", written.seq),
            )
        }
        Ok(Some(written)) => {
            let what = format!("it is of event {}, which this ledger does not have", written.seq);
            Finding::warning("checkpoint", what, NEXT_START)
        }
        Err(why) => Finding::warning("checkpoint", format!("it cannot be used: {why}"), NEXT_START),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::State;

    #[test]
    fn one_that_is_damaged_is_a_warning_and_none_is_good() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(check(directory.path(), Seq(5)).state, State::Good);
        let path = directory.path().join(crate::checkpoint_file::CHECKPOINT);
        std::fs::write(&path, "something else").unwrap();
        let open = check(directory.path(), Seq(5));
        assert!(open.state == State::Warning && open.what.contains("its mode is"), "{open}");
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let damaged = check(directory.path(), Seq(5));
        assert!(damaged.state == State::Warning && damaged.what.contains("cannot be used"), "{damaged}");
    }
}
