//! How what is said to the database is kept from others.

use crate::database::SettingsError;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::path::Path;
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// How a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Not at all.
    None,
    /// By whoever answers: nobody can listen who does not meddle.
    Unverified,
    /// By one who proves to be the host of the URL.
    Verified,
}

impl Encryption {
    /// What libpq's word stands for.
    pub fn of_sslmode(word: &str) -> Option<Self> {
        match word {
            "disable" => Some(Self::None),
            "require" => Some(Self::Unverified),
            "verify-full" => Some(Self::Verified),
            _ => None,
        }
    }
}

/// What encrypts connections, if anything does.
pub fn connector(
    encryption: Encryption,
    ca_file: Option<&Path>,
) -> Result<Option<MakeRustlsConnect>, SettingsError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| cannot("store.url", format!("no TLS: {error}")))?;
    let config = match encryption {
        Encryption::None => return Ok(None),
        Encryption::Unverified => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Anyone(provider)))
        }
        Encryption::Verified => builder.with_root_certificates(authorities(ca_file)?),
    };
    Ok(Some(MakeRustlsConnect::new(config.with_no_client_auth())))
}

/// Whose word is taken for who a server is.
fn authorities(ca_file: Option<&Path>) -> Result<RootCertStore, SettingsError> {
    let of = ca_file.map_or_else(|| "the system's".into(), |path| path.display().to_string());
    let cannot = |what: String| cannot("store.ca_file", format!("{of}: {what}"));
    let certificates = match ca_file {
        Some(path) => CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect)
            .map_err(|error| cannot(error.to_string()))?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut authorities = RootCertStore::empty();
    authorities.add_parsable_certificates(certificates);
    if authorities.is_empty() {
        return Err(cannot("there is no certificate that could vouch for the database".into()));
    }
    Ok(authorities)
}

fn cannot(setting: &'static str, what: String) -> SettingsError {
    SettingsError { setting, what }
}

/// Takes whoever answers for the database, as long as it holds its certificate's key.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _between: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
