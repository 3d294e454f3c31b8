//! What may be written next in a filter: what the language knows, and values that sessions have.

use crate::{Refusal, Service};
use rollcall_index::Tally;
use rollcall_index::filter::{Completion, Glob, complete};
use rollcall_model::limits;

/// What may stand where the cursor is.
#[derive(Clone, Debug)]
pub struct Completed {
    /// What the language says.
    pub completion: Completion,
    /// Values that sessions have, each as it is written in a filter, and how many have it.
    pub values: Vec<(String, usize)>,
    /// How many further values there are.
    pub more: usize,
}

impl Service {
    /// Completes a filter at the cursor, which stands behind so many characters.
    pub async fn complete_filter(&self, text: &str, cursor: usize) -> Result<Completed, Refusal> {
        let completion = complete(text, cursor);
        let Tally { values, more } = match completion.values.clone() {
            None => Tally { values: Vec::new(), more: 0 },
            Some(asked) => {
                let (standing, now) = (self.standing.clone(), self.now());
                let values = move |_: &dyn Fn() -> bool| {
                    Ok(standing.values(asked.field, &asked.prefix, limits::COMPLETIONS, now))
                };
                self.scan(false, values).await?
            }
        };
        let written = |(value, count): (Box<str>, usize)| (Glob::literal(&value).to_string(), count);
        Ok(Completed { completion, values: values.into_iter().map(written).collect(), more })
    }
}
