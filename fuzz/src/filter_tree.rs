//! Any text is a filter or is refused at a place in it; what is printed of a filter is read back as the same; and
//! wherever the cursor stands, what is completed lies in the text.

use rollcall_filter::{Binding, Tree, complete};
use rollcall_model::Timestamp;

/// Cursors that are tried.
const CURSORS: usize = 64;

/// Reads a filter.
pub fn filter_tree(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let chars = text.chars().count();
    match Tree::parse(&text) {
        Ok(tree) => {
            let printed = tree.to_string();
            assert_eq!(Tree::parse(&printed).as_ref(), Ok(&tree), "{text:?} as {printed:?}");
            let now = Timestamp::from_ms(1_700_000_000_000);
            let bound = tree.bind(&Binding { now, caller: None, emails: &|_| Vec::new() });
            assert_eq!(bound.tree().leaves().len(), tree.leaves().len());
        }
        Err(error) => {
            assert!(error.column >= 1 && error.column - 1 + error.length <= chars, "{error:?} of {text:?}");
            assert!(!error.to_string().is_empty());
        }
    }
    for cursor in (0..=chars).take(CURSORS) {
        let replaces = complete(&text, cursor).replaces;
        assert!(
            replaces.start <= replaces.end && replaces.end <= chars,
            "{replaces:?} at {cursor} of {text:?}"
        );
    }
}
