//! Where the settings come from, what is said when they are wrong, and what every error looks like.

use serde_json::Value;

use crate::support::Database;

#[tokio::test]
async fn a_settings_file_is_named_on_the_command_line() {
    let database = Database::migrated().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "appendqueue = 7\n").unwrap();
    database
        .admin(&["tenants", "list", "--config", file.path().to_str().unwrap()])
        .failed(2, "unknown setting appendqueue");
    std::fs::write(file.path(), "append_queue = 7\n").unwrap();
    database.admin(&["tenants", "list", "--config", file.path().to_str().unwrap()]).done();
    database
        .admin(&["--config", "/nowhere/at/all", "tenants", "list"])
        .failed(2, "cannot read /nowhere/at/all, named by --config");
}

#[tokio::test]
async fn a_server_that_is_away_is_told_at_once_and_without_its_password() {
    let database = Database::empty().await;
    let away = [("TIDEMARK_DATABASE_URL", "postgres://owner:not-to-be-shown@127.0.0.1:1/tidemark")];
    for args in [&["migrate"][..], &["tenants", "list"], &["projections", "list"], &["events", "tail"]] {
        let ran = database.admin_with(&away, args);
        ran.failed(1, "cannot connect to the database as");
        assert!(!ran.err.contains("not-to-be-shown"));
    }
}

#[tokio::test]
async fn a_command_line_that_makes_no_sense_has_code_2() {
    let database = Database::empty().await;
    for args in [
        &[][..],
        &["tenants"],
        &["tenants", "crate"],
        &["events", "tail", "--after", "-1"],
        &["users", "set-role", "--tenant", "acme"],
    ] {
        let ran = database.admin(args);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains("Usage: admin"), "{ran:?}");
    }
}

#[tokio::test]
async fn errors_are_json_too_where_json_is_asked_for() {
    // The roles are the server's: by now they are there and have their password, whichever test ran before.
    let _migrated = Database::migrated().await;
    let database = Database::empty().await;
    let ran = database.admin(&["tenants", "list", "--json"]);
    let error: Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!((ran.code, &error["error"]["exitCode"]), (1, &Value::from(1)));
    assert!(error["error"]["message"].as_str().unwrap().ends_with("run `admin migrate`"), "{error}");
}

#[tokio::test]
async fn the_help_lists_the_exit_codes() {
    let help = Database::empty().await.admin(&["--help"]).done();
    for line in ["0  done", "1  failed", "2  the command line", "3  there is nothing", "4  a check", "5  refused"] {
        assert!(help.contains(line), "{help}");
    }
}
