//! A mail server in a test's hand: it takes mails, or does what mail servers do when they do not.

use crate::waits::in_time;
use data_encoding::BASE64;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// How it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// It takes mails.
    Takes,
    /// It closes each connection as it is opened.
    Down,
    /// It says 421 where a greeting is due.
    ShuttingDown,
    /// It says nothing.
    Silent,
    /// It puts every mail off.
    PutsOff,
    /// It refuses every mail.
    Refuses,
    /// It takes a mail, and the connection breaks before it says so.
    Breaks,
}

/// How its connections are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Not at all.
    None,
    /// When the client asks for it.
    StartTls,
    /// From the first byte.
    Implicit,
}

/// A mail that it was given.
#[derive(Clone, Debug)]
pub struct Received {
    /// The sender of the envelope.
    pub from: String,
    /// The recipient of the envelope.
    pub to: String,
    /// The whole message.
    pub message: String,
    /// User and password, where the client signed in.
    pub credentials: Option<(String, String)>,
    /// Whether the connection was encrypted.
    pub encrypted: bool,
}

impl Received {
    /// A header's value.
    pub fn header(&self, name: &str) -> &str {
        let (head, _) = self.message.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
    }
}

/// A running mail server.
#[expect(missing_debug_implementations, reason = "a test's own")]
pub struct MailServer {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    received: mpsc::UnboundedReceiver<Received>,
    certificate: Option<String>,
    accepting: JoinHandle<()>,
}

struct Shared {
    behaviour: Mutex<Behaviour>,
    /// Every line that a client sent, but for messages.
    said: Mutex<Vec<String>>,
    encryption: Encryption,
    acceptor: Option<TlsAcceptor>,
    took: mpsc::UnboundedSender<Received>,
}

impl MailServer {
    /// One that takes mails in the clear.
    pub async fn start() -> Self {
        Self::with(Encryption::None).await
    }

    /// One with this encryption, by a certificate of its own for `127.0.0.1`.
    pub async fn with(encryption: Encryption) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (took, received) = mpsc::unbounded_channel();
        let made = (encryption != Encryption::None).then(|| {
            let CertifiedKey { cert, signing_key } =
                generate_simple_self_signed(["127.0.0.1".into()]).unwrap();
            let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
            let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![cert.der().clone()], key)
                .unwrap();
            (cert.pem(), TlsAcceptor::from(Arc::new(config)))
        });
        let (certificate, acceptor) = made.unzip();
        let (behaviour, said) = (Mutex::new(Behaviour::Takes), Mutex::default());
        let shared = Arc::new(Shared { behaviour, said, encryption, acceptor, took });
        let address = listener.local_addr().unwrap();
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Self { address, shared, received, certificate, accepting }
    }

    /// Has it behave like this from the next connection on.
    pub fn behave(&self, behaviour: Behaviour) {
        *self.shared.behaviour.lock().unwrap() = behaviour;
    }

    /// The next mail that it was given, waited for.
    pub async fn next(&mut self) -> Received {
        in_time("a mail", self.received.recv()).await.unwrap()
    }

    /// The next mail that it was given already.
    pub fn given(&mut self) -> Option<Received> {
        self.received.try_recv().ok()
    }

    /// The commands that it heard so far.
    pub fn said(&self) -> Vec<String> {
        self.shared.said.lock().unwrap().clone()
    }

    /// Writes its certificate to a file.
    pub fn write_certificate(&self, directory: &Path) -> PathBuf {
        let path = directory.join("mail-ca.pem");
        std::fs::write(&path, self.certificate.as_ref().unwrap()).unwrap();
        path
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move {
            // A client that goes away is none of the test's.
            let _ = serve(stream, &shared).await;
        });
    }
}

async fn serve(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    if shared.encryption == Encryption::Implicit {
        let stream = shared.acceptor.as_ref().unwrap().accept(stream).await?;
        return Talk::new(stream, shared, true).run(true).await.map(drop);
    }
    let Some(stream) = Talk::new(stream, shared, false).run(true).await? else { return Ok(()) };
    let stream = shared.acceptor.as_ref().unwrap().accept(stream).await?;
    Talk::new(stream, shared, true).run(false).await.map(drop)
}

/// One connection.
struct Talk<'a, S> {
    stream: BufReader<S>,
    shared: &'a Shared,
    encrypted: bool,
    credentials: Option<(String, String)>,
    from: String,
    to: String,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Talk<'a, S> {
    fn new(stream: S, shared: &'a Shared, encrypted: bool) -> Self {
        let (from, to) = (String::new(), String::new());
        Self { stream: BufReader::new(stream), shared, encrypted, credentials: None, from, to }
    }

    async fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }

    async fn hear(&mut self) -> std::io::Result<Option<String>> {
        let mut line = String::new();
        let bytes = self.stream.read_line(&mut line).await?;
        Ok((bytes > 0).then(|| line.trim_end().to_owned()))
    }

    /// Talks until the client leaves; gives the connection back when it is to be encrypted.
    async fn run(mut self, greet: bool) -> std::io::Result<Option<S>> {
        let behaviour = *self.shared.behaviour.lock().unwrap();
        match behaviour {
            Behaviour::Down => return Ok(None),
            Behaviour::Silent => {
                while self.hear().await?.is_some() {}
                return Ok(None);
            }
            Behaviour::ShuttingDown => {
                self.say("421 mail.test Service not available").await?;
                return Ok(None);
            }
            _ if greet => self.say("220 mail.test ESMTP").await?,
            _ => {}
        }
        while let Some(line) = self.hear().await? {
            self.shared.said.lock().unwrap().push(line.clone());
            let verb = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
            match &*verb {
                "EHLO" => {
                    if self.shared.encryption == Encryption::StartTls && !self.encrypted {
                        self.say("250-STARTTLS").await?;
                    }
                    self.say("250-AUTH PLAIN").await?;
                    self.say("250 8BITMIME").await?;
                }
                "STARTTLS" => {
                    self.say("220 Go ahead").await?;
                    return Ok(Some(self.stream.into_inner()));
                }
                "AUTH" => self.authenticate(&line).await?,
                "MAIL" => {
                    self.from = in_brackets(&line);
                    self.say("250 OK").await?;
                }
                "RCPT" => match behaviour {
                    Behaviour::PutsOff => self.say("451 nobody@secret.test is busy").await?,
                    Behaviour::Refuses => self.say("550 nobody@secret.test is not here").await?,
                    _ => {
                        self.to = in_brackets(&line);
                        self.say("250 OK").await?;
                    }
                },
                "DATA" => {
                    self.say("354 Go on").await?;
                    let Some(message) = self.message().await? else { return Ok(None) };
                    let _ = self.shared.took.send(Received {
                        from: self.from.clone(),
                        to: self.to.clone(),
                        message,
                        credentials: self.credentials.clone(),
                        encrypted: self.encrypted,
                    });
                    if behaviour == Behaviour::Breaks {
                        return Ok(None);
                    }
                    self.say("250 OK").await?;
                }
                "QUIT" => {
                    self.say("221 Bye").await?;
                    return Ok(None);
                }
                _ => self.say("502 Not implemented").await?,
            }
        }
        Ok(None)
    }

    /// `AUTH PLAIN`, whose password has to be `right`.
    async fn authenticate(&mut self, line: &str) -> std::io::Result<()> {
        let given = line.split_whitespace().nth(2).unwrap_or_default();
        let decoded = BASE64.decode(given.as_bytes()).unwrap_or_default();
        let mut parts =
            decoded.split(|byte| *byte == 0).map(|part| String::from_utf8_lossy(part).into_owned());
        let (user, password) = (parts.nth(1).unwrap_or_default(), parts.next().unwrap_or_default());
        if password != "right" {
            return self.say("535 Authentication failed for somebody").await;
        }
        self.credentials = Some((user, password));
        self.say("235 OK").await
    }

    async fn message(&mut self) -> std::io::Result<Option<String>> {
        let mut message = String::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await? == 0 {
                return Ok(None);
            }
            if line == ".\r\n" {
                return Ok(Some(message));
            }
            message.push_str(&line);
        }
    }
}

fn in_brackets(line: &str) -> String {
    let (_, rest) = line.split_once('<').unwrap();
    rest.split('>').next().unwrap_or_default().into()
}
