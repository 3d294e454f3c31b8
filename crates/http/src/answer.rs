//! What a good answer is, as a type: an endpoint states it, and its act can give nothing else. So the OpenAPI document
//! says of each endpoint what its code says.

use crate::cookie::SetCookie;
use crate::refusal::Refusal;
use bytes::Bytes;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use std::marker::PhantomData;
use std::pin::Pin;

/// What an endpoint answers with when all goes well.
pub trait Answer: Send {
    /// All that it may be.
    fn forms() -> Vec<Form>;

    /// Ready to be sent.
    fn reply(self) -> Reply;
}

/// One thing that an answer may be.
pub struct Form {
    /// The status.
    pub status: u16,
    /// What it is, in words.
    pub meaning: &'static str,
    /// What is sent with it.
    pub content: Content,
}

/// What is sent with a status.
pub enum Content {
    /// Nothing.
    None,
    /// JSON of a schema.
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// Text that comes by and by, of one of these types.
    Text(&'static [&'static str]),
}

/// A good answer, ready to be sent.
#[derive(Debug)]
pub enum Reply {
    /// JSON; empty for a method that has nothing to say.
    Json(Vec<u8>),
    /// The same, of something that was made.
    Created(Vec<u8>),
    /// The same, of something that is not finished.
    Accepted(Vec<u8>),
    /// It is done, and there is nothing to say.
    Done,
    /// Something that comes by and by.
    Stream(Stream),
    /// Any of them, with what becomes of the console's cookie.
    WithCookie(Box<Self>, SetCookie),
}

impl Reply {
    /// Its JSON, where it says something.
    pub fn json_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Json(json) | Self::Created(json) | Self::Accepted(json) => Some(json),
            Self::WithCookie(reply, _) => reply.json_bytes(),
            Self::Done | Self::Stream(_) => None,
        }
    }
}

/// JSON of a type, written. Written it has no lifetime: of `Me<'a>` it is the same as of `Me<'static>`.
pub struct Json<T> {
    bytes: Vec<u8>,
    of: PhantomData<fn(T)>,
}

impl<T: Serialize> Json<T> {
    /// Of a value.
    pub fn of(value: &T) -> Result<Self, Refusal> {
        serde_json::to_vec(value).map(Self::written).map_err(|error| {
            tracing::error!(%error, "an answer could not be written");
            Refusal::Internal
        })
    }
}

impl<T> Json<T> {
    /// Written by hand, as rows are straight out of the index.
    pub const fn written(bytes: Vec<u8>) -> Self {
        Self { bytes, of: PhantomData }
    }
}

impl<T: JsonSchema> Answer for Json<T> {
    fn forms() -> Vec<Form> {
        vec![Form { status: 200, meaning: "What was asked for", content: json::<T>() }]
    }

    fn reply(self) -> Reply {
        Reply::Json(self.bytes)
    }
}

/// A method's answer may say nothing.
impl<T: JsonSchema> Answer for Option<Json<T>> {
    fn forms() -> Vec<Form> {
        Json::<T>::forms()
    }

    fn reply(self) -> Reply {
        Reply::Json(self.map(|json| json.bytes).unwrap_or_default())
    }
}

/// Something was made.
pub struct Created<T>(pub Json<T>);

impl<T: JsonSchema> Answer for Created<T> {
    fn forms() -> Vec<Form> {
        vec![Form { status: 201, meaning: "It was made", content: json::<T>() }]
    }

    fn reply(self) -> Reply {
        Reply::Created(self.0.bytes)
    }
}

/// Something was begun that goes on after the answer.
pub struct Accepted<T>(pub Json<T>);

impl<T: JsonSchema> Answer for Accepted<T> {
    fn forms() -> Vec<Form> {
        vec![Form { status: 202, meaning: "It was begun", content: json::<T>() }]
    }

    fn reply(self) -> Reply {
        Reply::Accepted(self.0.bytes)
    }
}

/// An answer, and what becomes of the console's cookie where it comes with it.
pub struct WithCookie<A> {
    /// The answer.
    pub answer: A,
    /// What the browser is told to keep, or to forget.
    pub cookie: Option<SetCookie>,
}

impl<A: Answer> Answer for WithCookie<A> {
    fn forms() -> Vec<Form> {
        A::forms()
    }

    fn reply(self) -> Reply {
        let reply = self.answer.reply();
        match self.cookie {
            Some(cookie) => Reply::WithCookie(Box::new(reply), cookie),
            None => reply,
        }
    }
}

/// Long work: how it ended, or how far it is.
pub enum Work<T> {
    /// It is finished.
    Finished(Json<T>),
    /// It goes on after the answer.
    UnderWay(Json<T>),
}

impl<T: JsonSchema> Answer for Work<T> {
    fn forms() -> Vec<Form> {
        vec![
            Form { status: 200, meaning: "It is finished", content: json::<T>() },
            Form { status: 202, meaning: "It goes on; ask again", content: json::<T>() },
        ]
    }

    fn reply(self) -> Reply {
        match self {
            Self::Finished(json) => Reply::Json(json.bytes),
            Self::UnderWay(json) => Reply::Accepted(json.bytes),
        }
    }
}

/// It is done, and there is nothing to say.
pub struct Done;

impl Answer for Done {
    fn forms() -> Vec<Form> {
        vec![Form { status: 204, meaning: "It is done", content: Content::None }]
    }

    fn reply(self) -> Reply {
        Reply::Done
    }
}

/// An answer that comes by and by.
pub struct Stream {
    /// What it is.
    pub content_type: &'static str,
    /// As what it is kept, where a browser is to keep it.
    pub file_name: Option<&'static str>,
    /// Its pieces.
    pub pieces: Pin<Box<dyn futures_util::Stream<Item = Bytes> + Send>>,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stream({})", self.content_type)
    }
}

fn json<T: JsonSchema>() -> Content {
    Content::Json(SchemaGenerator::subschema_for::<T>)
}
