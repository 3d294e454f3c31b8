//! Filters of the filter language, read and bound for whoever asks.

use crate::{Refusal, Service};
use rollcall_index::Filter;
use rollcall_index::filter::{Binding, Text, Tree};
use rollcall_model::{SessionNo, UserNo};
use std::sync::Arc;

impl Service {
    /// A filter, bound to this minute and to the session of whoever asks, where there is one; none when the text is empty.
    /// What is asked of e-mail addresses is looked up in the store.
    pub async fn filter(&self, text: &str, caller: Option<SessionNo>) -> Result<Option<Filter>, Refusal> {
        let tree = Tree::parse(text).map_err(|error| Refusal::Filter(Box::new(error)))?;
        self.bind(&tree, caller).await
    }

    /// The same of one that was read, for whoever asks with this session; none of one that says nothing.
    pub(crate) async fn bind(
        &self,
        tree: &Tree,
        caller: Option<SessionNo>,
    ) -> Result<Option<Filter>, Refusal> {
        let mut found: Vec<(&Text, Vec<UserNo>)> = Vec::new();
        for text in tree.emails() {
            let matcher = text.matcher();
            let users =
                self.store.users_of_emails(Box::new(move |address| matcher.is_match(address))).await?;
            found.push((text, users));
        }
        let emails = |asked: &Text| {
            let users = found.iter().find(|(text, _)| *text == asked).map(|(_, users)| users.clone());
            users.unwrap_or_default()
        };
        let bound = tree.bind(&Binding { now: self.now(), caller, emails: &emails });
        Ok((!tree.to_string().is_empty()).then(|| Filter::Tree(Arc::new(bound))))
    }
}
