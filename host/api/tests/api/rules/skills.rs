//! Plugins of users, and what waits for a person.

use super::{Rule, USER_ON_USER, made, rule};

pub(super) fn approvals() -> Vec<(&'static str, Rule)> {
    vec![
        (
            "GET /v1/approvals/{approval}",
            rule(USER_ON_USER, Some(("/v1/approvals/appr_000000000000000000000000", "", 404))),
        ),
        (
            "POST /v1/approvals/{approval}",
            made(
                USER_ON_USER,
                200,
                r#"{"decision":"approve"}"#,
                ("/v1/approvals/{approval}", r#"{"decision":"yes"}"#, 400),
            ),
        ),
    ]
}

pub(super) fn skills() -> Vec<(&'static str, Rule)> {
    const TEXT: &str = "---\nname: {id}\ndescription: Greets people.\n---\nSay hello.\n";
    const GRANT: &str = r#"{"digest":"{digest}","capabilities":[{"interface":"kv","quota":10}]}"#;
    let of_skill = |bad: &'static str| rule(USER_ON_USER, Some((bad, "", 404)));
    vec![
        (
            "GET /api/v1/users/{user}/skills",
            rule(USER_ON_USER, Some(("/api/v1/users/{user}/skills?cursor=No!", "", 400))),
        ),
        ("GET /api/v1/users/{user}/skills/{id}", of_skill("/api/v1/users/{user}/skills/nobody")),
        (
            "PUT /api/v1/users/{user}/skills/{id}/file",
            made(USER_ON_USER, 201, TEXT, ("/api/v1/users/{user}/skills/another/file", TEXT, 422)),
        ),
        (
            "DELETE /api/v1/users/{user}/skills/{id}/file",
            made(USER_ON_USER, 204, "", ("/api/v1/users/{user}/skills/nobody/file", "", 404)),
        ),
        (
            "GET /api/v1/users/{user}/skills/{id}/grants",
            of_skill("/api/v1/users/{user}/skills/nobody/grants"),
        ),
        (
            "PUT /api/v1/users/{user}/skills/{id}/grants",
            made(
                USER_ON_USER,
                200,
                GRANT,
                ("/api/v1/users/{user}/skills/{id}/grants", r#"{"digest":1}"#, 400),
            ),
        ),
        (
            "POST /api/v1/users/{user}/skills/{id}/rollback",
            rule(USER_ON_USER, Some(("/api/v1/users/{user}/skills/nobody/rollback", "", 404))),
        ),
        (
            "POST /api/v1/users/{user}/skills/{id}/registry-install",
            made(
                USER_ON_USER,
                409,
                r#"{"version":"1.0.0"}"#,
                ("/api/v1/users/{user}/skills/{id}/registry-install", r#"{"version":1}"#, 400),
            ),
        ),
    ]
}
