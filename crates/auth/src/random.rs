//! The system's randomness.

use rollcall_model::Randomness;

/// Random bytes of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        // A system without randomness must hand out no token at all.
        assert!(getrandom::fill(bytes).is_ok(), "the system gives no random bytes");
    }
}
