//! Frames of one socket, a line each, taken by a conversation as they come: what waits and what stands stays
//! within its bounds, every frame of ours is a JSON object, and what is asked comes out in the order in which
//! it went in.

use rollcall_http::ddp::message::Heard;
use rollcall_http::ddp::{Conversation, Work};
use rollcall_model::limits;
use serde_json::Value;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// The line that lets a method be answered, instead of being a frame.
const ANSWERED: &str = "!";
/// The line that does the next thing that waits.
const WORK: &str = ">";
/// The line that lets ten seconds pass.
const PASS: &str = "~";

/// Has a conversation take these lines.
pub fn ddp_frames(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut now = Instant::now();
    let mut conversation = Conversation::new(now);
    let mut connected = false;
    let mut asked: VecDeque<Heard> = VecDeque::new();
    let (mut under_way, mut methods) = (0, 0);
    for line in text.lines() {
        let reaction = match line {
            ANSWERED if under_way > 0 => {
                (under_way, methods) = (under_way - 1, methods - 1);
                conversation.answered();
                continue;
            }
            WORK => match conversation.next_work() {
                None => {
                    assert!(asked.is_empty(), "what was asked is lost");
                    continue;
                }
                Some(Work::Method(call)) => {
                    under_way += 1;
                    assert_eq!(asked.pop_front(), Some(Heard::Method(call)));
                    continue;
                }
                Some(Work::Sub(sub)) => {
                    assert_eq!(asked.pop_front(), Some(Heard::Sub(sub.clone())));
                    conversation.subscribe(sub, Some("ann"))
                }
                Some(Work::Unsub { id }) => {
                    is_ours(&conversation.unsubscribe(&id));
                    assert_eq!(asked.pop_front(), Some(Heard::Unsub { id }));
                    continue;
                }
            },
            PASS => {
                now += Duration::from_secs(10);
                conversation.at(now)
            }
            // The socket reads no more from one that is full.
            _ if conversation.is_full() => continue,
            frame => {
                let reaction = conversation.heard(frame, now, || "drawn".into());
                match Heard::read(frame) {
                    None => assert!(reaction.close.is_some(), "it takes what is no object: {frame:?}"),
                    Some(heard @ (Heard::Method(_) | Heard::Sub(_) | Heard::Unsub { .. })) if connected => {
                        methods += usize::from(matches!(heard, Heard::Method(_)));
                        asked.push_back(heard);
                    }
                    Some(_) => {}
                }
                connected |= reaction.close.is_none();
                reaction
            }
        };
        reaction.say.iter().for_each(|said| is_ours(said));
        if reaction.close.is_some() {
            return;
        }
        assert!(methods <= limits::METHODS_PER_SOCKET && asked.len() <= limits::FRAMES_WAITING);
        assert!(conversation.due() > now);
    }
    assert!(conversation.unsubscribe_all().len() <= limits::SUBSCRIPTIONS_PER_SOCKET);
}

fn is_ours(said: &str) {
    let frame: Value = serde_json::from_str(said).unwrap_or(Value::Null);
    assert!(frame["msg"].is_string(), "{said}");
}
