//! The side of the command line that asks a running server: addresses, credentials, requests, and what
//! answers mean.
//!
//! **Invariants**: a token goes to the server that it is of and nowhere else; it goes over plain HTTP to
//! this machine only, unless that was asked for; no secret is in an error, and no text of a server is shown
//! as it came.

pub mod address;
pub mod answer;
pub mod credentials;
pub mod failure;
pub mod http;
pub mod pages;
pub mod prompt;
pub mod secret;
pub mod session;
pub mod step_up;
pub mod stored;

pub use address::ServerUrl;
pub use answer::parse;
pub use credentials::{Credentials, Source};
pub use failure::{Failure, Kind};
pub use secret::Secret;
pub use session::{Actor, Session, Tally};

use answer::{Meaning, meaning};
use failure::Place;
use http::{Answer, Http, Request};
use std::time::Duration;
use step_up::{Codes, Proof};
use ureq::BodyReader;

/// A server's word that it is back soon is waited for, once, for no longer than this.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// A server, as somebody sees it.
#[derive(Debug)]
pub struct Remote {
    http: Http,
    codes: Codes,
    credentials: Option<Credentials>,
}

impl Remote {
    /// The server at an address, before a sign-in.
    pub fn anonymous(url: ServerUrl, insecure_http: bool, codes: Codes) -> Result<Self, Failure> {
        Ok(Self { http: Http::new(url, insecure_http)?, codes, credentials: None })
    }

    /// The server that credentials are of.
    pub fn signed_in(credentials: Credentials, insecure_http: bool, codes: Codes) -> Result<Self, Failure> {
        let remote = Self::anonymous(credentials.url.clone(), insecure_http, codes)?;
        Ok(Self { credentials: Some(credentials), ..remote })
    }

    /// Does a request, with a second factor where the server wants one. Gives the body of its success.
    pub fn act(&self, request: &Request) -> Result<Vec<u8>, Failure> {
        self.answer(request).map(|answer| answer.body)
    }

    /// The same of a stream: gives what comes, while it comes.
    pub fn follow(&self, request: &Request) -> Result<BodyReader<'static>, Failure> {
        self.answer(request)?.stream.ok_or_else(|| Kind::Failed.because("the server gave no stream"))
    }

    fn answer(&self, request: &Request) -> Result<Answer, Failure> {
        let (mut proof, mut attempt, mut waited) = (None, 0, false);
        loop {
            let answer = self.http.send(request, self.credentials.as_ref(), proof.as_ref())?;
            match meaning(&answer, self.http.url()) {
                Meaning::Done => return Ok(answer),
                Meaning::StepUp(challenge) => {
                    proof = Some(self.codes.answer(&challenge, attempt)?);
                    attempt += 1;
                }
                // What changes things may have been done all the same: only questions are asked again.
                Meaning::Away { wait, .. } if request.is_question() && !waited && wait <= WAIT_MAX => {
                    std::thread::sleep(wait);
                    waited = true;
                }
                Meaning::Away { failure, .. } | Meaning::Refused(failure) => {
                    return Err(self.told(failure, request, proof.as_ref()));
                }
            }
        }
    }

    /// A failure as it is shown: without the secrets that the server was told, and with what to do.
    fn told(&self, failure: Failure, request: &Request, proof: Option<&Proof>) -> Failure {
        let credentials = self.credentials.as_ref();
        if let (Kind::NotSignedIn, Some(credentials)) = (failure.kind, credentials) {
            return failure.kind.because(format!(
                "{} does not accept the token from {}: it has ended. Run `rollcall login`",
                credentials.url, credentials.source
            ));
        }
        let secrets = [
            credentials.map(|credentials| &credentials.token),
            proof.map(|proof| &proof.code),
            request.secret.as_ref(),
        ];
        let what = secrets.into_iter().flatten().fold(failure.what, |what, secret| secret.strike(&what));
        let place = failure.place.map(|place| {
            Box::new(Place { filter: request.filter().unwrap_or_default().to_owned(), ..*place })
        });
        Failure { what, place, ..failure }
    }
}
