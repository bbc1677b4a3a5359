//! `secrets.*`, and the values that go out with a request. A value leaves this file towards the vault and the egress alone.

use super::host::{Halt, Performed};
use super::live::Live;
use crate::ports::outbound::Attachment;
use crate::ports::vault::VaultError;
use domain::effect::http::HttpRequest;
use domain::effect::{CallError, ErrorKind, Reply, SignAlgorithm};
use domain::secret::{SecretValue, may_go_to};
use url::Url;

pub(super) async fn exists(live: &Live, name: &str) -> Result<Performed, Halt> {
    let attempt = &live.host.attempt;
    let found = attempt.app.ports.secrets.find_secret(attempt.task.new.user, name).await?;
    Ok(Performed::reply(Reply::Bool(found.is_some())))
}

pub(super) async fn sign(
    live: &Live,
    name: &str,
    algorithm: SignAlgorithm,
    bytes: &[u8],
) -> Result<Performed, Halt> {
    let value = match open(live, name).await? {
        Ok((value, _)) => value,
        Err(error) => return Ok(Performed::error(error)),
    };
    Ok(match live.host.attempt.app.ports.vault.sign(name, &value, algorithm, bytes) {
        Ok(signature) => Performed::reply(Reply::Bytes(Some(signature))),
        Err(error) => Performed::error(refusal(&error)),
    })
}

/// The secrets that a request names, each checked against the hosts that it was stored for. The plugin's grants were checked before.
pub(super) async fn attachments(
    live: &Live,
    request: &HttpRequest,
    url: &Url,
) -> Result<Result<Vec<Attachment>, CallError>, Halt> {
    let host = url.host_str().unwrap_or_default().to_lowercase();
    let mut attachments = Vec::with_capacity(request.credentials.len());
    for credential in &request.credentials {
        let [_, _, _, name] = credential.parts();
        let (value, hosts) = match open(live, name).await? {
            Ok(opened) => opened,
            Err(error) => return Ok(Err(error)),
        };
        if !may_go_to(hosts.as_deref(), &host) {
            let stored = hosts.unwrap_or_default().join(", ");
            let message = format!(
                "the secret {name} may not go to {host}: it was stored for {stored} alone; store it again with this host among its `hosts`"
            );
            return Ok(Err(CallError::new(ErrorKind::Denied, "secret-host", message)));
        }
        attachments.push(Attachment { credential: credential.clone(), value });
    }
    Ok(Ok(attachments))
}

/// The value and the hosts that it may go to.
async fn open(
    live: &Live,
    name: &str,
) -> Result<Result<(SecretValue, Option<Vec<String>>), CallError>, Halt> {
    let attempt = &live.host.attempt;
    let ports = &attempt.app.ports;
    let Some((data_key, row)) = ports.secrets.find_secret(attempt.task.new.user, name).await? else {
        let message = format!(
            "the user has no secret {name}; store it with `skep secrets set {name}` or PUT /api/v1/users/{{user}}/secrets"
        );
        return Ok(Err(CallError::new(ErrorKind::NotFound, "no-secret", message)));
    };
    Ok(match ports.vault.open(&data_key.sealed, &row.place, &row.sealed) {
        Ok(value) => Ok((value, row.place.hosts)),
        Err(error) => {
            tracing::error!(task = %attempt.task.new.id, secret = name, %error, "a secret does not open");
            Err(refusal(&error))
        }
    })
}

fn refusal(error: &VaultError) -> CallError {
    let (kind, code) = match error {
        VaultError::NoSeed(_) => (ErrorKind::InvalidInput, "no-seed"),
        VaultError::OtherKey { .. } | VaultError::DataKey { .. } | VaultError::Secret(_) => {
            (ErrorKind::Permanent, "sealed")
        }
    };
    CallError::new(kind, code, error.to_string())
}
