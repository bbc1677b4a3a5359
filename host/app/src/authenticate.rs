//! Who makes a request: a key becomes a caller, and nothing else does.

use crate::accounts::{DEFAULT_USER, operator_key_id};
use crate::context::App;
use crate::ports::keys::KeyRow;
use domain::caller::{Caller, KeyKind};
use domain::error::{Code, Error};
use domain::manifest::is_name;
use domain::plan::Plan;

/// What came with a request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Presented<'a> {
    /// The key, from whichever header.
    pub key: Option<&'a str>,
    /// `X-Skep-User`.
    pub act_as: Option<&'a str>,
    /// Whether the host runs without authentication: no key, or an unknown one, is then the admin.
    pub no_auth: bool,
}

/// Whose key it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The caller.
    pub caller: Caller,
    /// Of the user of a user or agent key; an admin has no limits.
    pub plan: Option<Plan>,
}

/// Why there is no caller.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// 401 without a valid key; 403 or 404 for `X-Skep-User`.
    pub error: Error,
    /// Whose key it is, where it is a valid one: its refusals count, too.
    pub known: Option<Box<Known>>,
}

impl<T: Into<Error>> From<T> for Refused {
    fn from(error: T) -> Self {
        Self { error: error.into(), known: None }
    }
}

/// Turn a key into a caller.
///
/// # Errors
/// When there is none.
pub async fn authenticate(app: &App, presented: Presented<'_>) -> Result<Known, Refused> {
    let found = match presented.key {
        Some(key) => find(app, key).await?,
        None => None,
    };
    match found {
        Some(row) if row.kind == KeyKind::Admin => Ok(admin(app, presented.act_as, Some(row.id)).await?),
        None if presented.no_auth => Ok(admin(app, presented.act_as, None).await?),
        Some(row) => {
            let known = of_user(app, row).await?;
            match presented.act_as {
                None => Ok(known),
                Some(_) => Err(Refused {
                    error: Error::new(
                        Code::Forbidden,
                        "X-Skep-User: only an admin key can act as another user",
                    ),
                    known: Some(Box::new(known)),
                }),
            }
        }
        None if presented.key.is_some() => {
            Err(Error::new(Code::Unauthorized, "the API key is not valid").into())
        }
        None => Err(Error::new(
            Code::Unauthorized,
            "an API key is needed: send it as `Authorization: Bearer KEY`, `X-API-Key: KEY` or `X-Eliza-Token: KEY`",
        )
        .into()),
    }
}

/// The row that a text is the key of.
async fn find(app: &App, key: &str) -> Result<Option<KeyRow>, Error> {
    let minted = app.ports.api_keys.id_of(key);
    // An operator's own admin key may have any form, also that of a minted key.
    for id in minted.into_iter().chain([operator_key_id(app, key)]) {
        if let Some(row) =
            app.ports.keys.find_key(&id).await?.filter(|row| app.ports.api_keys.verify(key, &row.hash))
        {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// An admin acts as the user `default`, or as the one that it names.
async fn admin(app: &App, act_as: Option<&str>, key_id: Option<String>) -> Result<Known, Error> {
    let name = act_as.unwrap_or(DEFAULT_USER);
    let account = if is_name(name) { app.ports.keys.find_account(name).await? } else { None };
    let account = account.ok_or_else(|| {
        let name = domain::effect::bounded(name.to_owned(), 64);
        Error::not_found(format!("X-Skep-User: user {name:?} not found"))
    })?;
    let caller = Caller { kind: KeyKind::Admin, user: account.user, agent: account.default_agent, key_id };
    Ok(Known { caller, plan: None })
}

async fn of_user(app: &App, row: KeyRow) -> Result<Known, Error> {
    let Some(account) = app.ports.keys.get_account(row.user).await? else {
        return Err(Error::new(Code::Unauthorized, "the user of this API key is gone"));
    };
    let plan = Plan::parse(&account.plan)
        .ok_or_else(|| Error::internal(format!("user {} has the plan {:?}", row.user, account.plan)))?;
    let agent = row.agent.unwrap_or(account.default_agent);
    let caller = Caller { kind: row.kind, user: row.user, agent, key_id: Some(row.id) };
    Ok(Known { caller, plan: Some(plan) })
}
