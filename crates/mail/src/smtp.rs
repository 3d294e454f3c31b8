//! Delivery by SMTP: one connection for the mails of one go.
//!
//! **Invariants:** every step has its time; nothing is said in the clear where TLS is asked for; reasons are
//! built from a reply's code, never from its text, which may repeat what was sent.

use crate::settings::{Settings, SettingsError, Tls};
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::{Error, extension::ClientId};
use lettre::{Address, address::Envelope};
use rollcall_service::{HandedOver, MailTransport, Outcome, Outgoing};
use std::pin::Pin;
use std::time::{Duration, UNIX_EPOCH};
use tokio::time::timeout;

/// A mail server.
pub struct Smtp {
    host: String,
    port: u16,
    tls: Tls,
    parameters: Option<TlsParameters>,
    credentials: Option<Credentials>,
    from: Address,
    timeout: Duration,
}

/// Says nothing of the password.
impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smtp").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// Why a mail was not taken.
struct NotTaken {
    outcome: Outcome,
    /// The server cannot be asked for another one on a new connection either.
    broken: bool,
}

impl Smtp {
    /// The server that the settings name, with the password of their user. Does not connect.
    pub fn new(settings: &Settings, password: Option<&str>) -> Result<Self, SettingsError> {
        let (host, from) = settings.server()?;
        let parameters = match settings.tls {
            Tls::Plain => None,
            Tls::StartTls | Tls::Implicit => Some(parameters(settings, host.clone())?),
        };
        let credentials = settings.credentials(password)?;
        let Settings { port, tls, timeout, .. } = *settings;
        Ok(Self { host, port, tls, parameters, credentials, from, timeout })
    }

    /// Where it is: for the operator.
    pub fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Connects, signs in and says good-bye; or says why that does not work.
    pub async fn try_out(&self) -> Result<(), String> {
        let mut connection = self.connect().await?;
        let _ = timeout(self.timeout, connection.quit()).await;
        Ok(())
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, String> {
        // As whom it greets is of no matter to most servers; those who look want a name.
        let hello = ClientId::Domain(self.from.domain().into());
        let implicit = self.parameters.clone().filter(|_| self.tls == Tls::Implicit);
        let server = (self.host.as_str(), self.port);
        let connecting =
            AsyncSmtpConnection::connect_tokio1(server, Some(self.timeout), &hello, implicit, None);
        let mut connection = self.step("connecting", connecting).await?;
        if let Some(parameters) = self.parameters.clone().filter(|_| self.tls == Tls::StartTls) {
            if !connection.can_starttls() {
                return Err("the server does not offer STARTTLS".into());
            }
            self.step("STARTTLS", connection.starttls(parameters, &hello)).await?;
        }
        if let Some(credentials) = &self.credentials {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            self.step("the sign-in", connection.auth(&mechanisms, credentials)).await?;
        }
        Ok(connection)
    }

    /// Does one step of a connection in its time.
    async fn step<T>(&self, step: &str, doing: impl Future<Output = Result<T, Error>>) -> Result<T, String> {
        match timeout(self.timeout, doing).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(format!("{step} failed: {}", reason(&error))),
            Err(_) => Err(format!("{step} took longer than {} s", self.timeout.as_secs())),
        }
    }

    async fn send(&self, connection: &mut AsyncSmtpConnection, outgoing: &Outgoing) -> Result<(), NotTaken> {
        let refused = |reason: &str| NotTaken { outcome: Outcome::Refused(reason.into()), broken: false };
        let (envelope, message) = self.message(outgoing).ok_or_else(|| refused("its address is none"))?;
        match timeout(self.timeout, connection.send(&envelope, &message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() || error.is_client() => {
                Err(refused(&format!("the server refused it: {}", reason(&error))))
            }
            Ok(Err(error)) => {
                let why = format!("the server put it off: {}", reason(&error));
                // A server that is shutting down, and a connection that broke, are there for no other mail.
                let broken = !error.is_transient() || error.is_transport_shutdown() || is_closing(&error);
                Err(NotTaken { outcome: Outcome::PutOff(why), broken })
            }
            Err(_) => {
                let why = format!("the server took longer than {} s for it", self.timeout.as_secs());
                Err(NotTaken { outcome: Outcome::PutOff(why), broken: true })
            }
        }
    }

    fn message(&self, outgoing: &Outgoing) -> Option<(Envelope, Vec<u8>)> {
        // An address that is none, with a line break perhaps, is written into no header.
        let to: Address = outgoing.mail.to.parse().ok()?;
        let at_ms = u64::try_from(outgoing.queued_at.as_ms()).unwrap_or_default();
        let id = format!("<rollcall.{}.{at_ms}@{}>", outgoing.no.0, self.from.domain());
        let message = Message::builder()
            .from(Mailbox::new(Some("Rollcall".into()), self.from.clone()))
            .to(Mailbox::new(None, to.clone()))
            .subject(outgoing.mail.subject.clone())
            // The same at each attempt: whoever gets a mail twice can tell.
            .message_id(Some(id))
            .date(UNIX_EPOCH + Duration::from_millis(at_ms))
            .header(ContentType::TEXT_PLAIN)
            .body(outgoing.mail.text.clone())
            .ok()?;
        let envelope = Envelope::new(Some(self.from.clone()), vec![to]).ok()?;
        Some((envelope, message.formatted()))
    }

    async fn deliver(&self, mails: &[Outgoing]) -> HandedOver {
        let mut handed_over = HandedOver::default();
        let mut open = None;
        for outgoing in mails {
            let mut connection = match open.take() {
                Some(connection) => connection,
                None => match self.connect().await {
                    Ok(connection) => connection,
                    Err(reason) => {
                        handed_over.broken = Some(reason);
                        return handed_over;
                    }
                },
            };
            match self.send(&mut connection, outgoing).await {
                Ok(()) => {
                    handed_over.outcomes.push(Outcome::Taken);
                    open = Some(connection);
                }
                // The connection was closed by the refusal.
                Err(NotTaken { outcome, broken }) => {
                    if let (true, Outcome::PutOff(reason)) = (broken, &outcome) {
                        handed_over.broken = Some(reason.clone());
                    }
                    handed_over.outcomes.push(outcome);
                    if broken {
                        return handed_over;
                    }
                }
            }
        }
        if let Some(mut connection) = open {
            let _ = timeout(self.timeout, connection.quit()).await;
        }
        handed_over
    }
}

impl MailTransport for Smtp {
    fn hand_over<'a>(
        &'a self,
        mails: &'a [Outgoing],
    ) -> Pin<Box<dyn Future<Output = HandedOver> + Send + 'a>> {
        Box::pin(self.deliver(mails))
    }

    fn reaches_people(&self) -> bool {
        true
    }
}

fn parameters(settings: &Settings, host: String) -> Result<TlsParameters, SettingsError> {
    let bad =
        |error: Error| SettingsError::new("mail.ca_file", format!("certificates cannot be used: {error}"));
    let mut builder: TlsParametersBuilder = TlsParameters::builder(host);
    if let Some(pem) = settings.authorities()? {
        builder = builder
            .certificate_store(CertificateStore::None)
            .add_root_certificate(Certificate::from_pem(&pem).map_err(bad)?);
    }
    builder.build_rustls().map_err(bad)
}

/// 421: the server closes the connection, whatever was asked.
fn is_closing(error: &Error) -> bool {
    error.status().is_some_and(|code| code.to_string() == "421")
}

/// What an error tells, but for what the server said.
fn reason(error: &Error) -> String {
    match error.status() {
        Some(code) => format!("the answer was {code}"),
        None if error.is_timeout() => "it took too long".into(),
        None if error.is_response() => "the connection was closed, or the answer is not SMTP".into(),
        None => {
            let mut cause: &dyn std::error::Error = error;
            while let Some(deeper) = cause.source() {
                cause = deeper;
            }
            cause.to_string()
        }
    }
}
