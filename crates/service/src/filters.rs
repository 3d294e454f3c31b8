//! Filters of the filter language, read and bound for whoever asks.

use crate::{AsOf, Refusal, Service};
use rollcall_index::Filter;
use rollcall_index::filter::{Binding, Text, Tree};
use rollcall_model::{SessionNo, UserNo};
use std::sync::Arc;

impl Service {
    /// A filter of the sessions of an instant, bound to its minute and to the session of whoever asks, where there is one;
    /// none when the text is empty. What is asked of e-mail addresses is looked up in the store.
    pub async fn filter(
        &self,
        of: &AsOf,
        text: &str,
        caller: Option<SessionNo>,
    ) -> Result<Option<Filter>, Refusal> {
        let parse = if of.then().is_some() { Tree::parse_of_the_past } else { Tree::parse };
        let tree = parse(text).map_err(|error| Refusal::Filter(Box::new(error)))?;
        self.bind(of, &tree, caller).await
    }

    /// The same of one that was read, for whoever asks with this session; none of one that says nothing.
    pub(crate) async fn bind(
        &self,
        of: &AsOf,
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
        let bound = tree.bind(&Binding { now: of.at(), caller, emails: &emails });
        Ok((!tree.to_string().is_empty()).then(|| Filter::Tree(Arc::new(bound))))
    }
}
