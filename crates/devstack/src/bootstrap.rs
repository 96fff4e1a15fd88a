//! What a fresh database needs before it serves: the schema, the demo tenant with its people, and a second tenant.

use anyhow::Context;
use secrecy::SecretString;
use tidemark_admin::Operator;
use tidemark_admin::tenants::{self, NewTenant};
use tidemark_admin::users::{self, NewUser};
use tidemark_kernel::Role;
use tidemark_runtime::Settings;

use crate::dev_json::{Account, OtherTenant};

/// The slug of the demo tenant.
pub const TENANT: &str = "demo";
/// The slug of the second tenant.
pub const OTHER_TENANT: &str = "other";

/// Everybody who can sign in to a development stack. The passwords are no secret: it listens on this machine alone.
#[derive(Debug, Clone)]
pub struct People {
    /// Admin of the demo tenant.
    pub admin: Account,
    /// Editor of the demo tenant.
    pub editor: Account,
    /// Member of the demo tenant.
    pub member: Account,
    /// The second tenant.
    pub other: OtherTenant,
}

impl People {
    /// The same on every machine.
    pub fn of_the_demo() -> Self {
        let account = |role: &str, tenant: &str| Account {
            email: format!("{role}@{tenant}.example"),
            password: format!("tidemark-{tenant}-{role}"),
        };
        Self {
            admin: account("admin", TENANT),
            editor: account("editor", TENANT),
            member: account("member", TENANT),
            other: OtherTenant { tenant: OTHER_TENANT.to_owned(), admin: account("admin", OTHER_TENANT) },
        }
    }
}

/// Brings the schema up to date.
pub async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    tidemark_admin::migrate(settings).await.context("cannot migrate")?;
    Ok(())
}

/// Brings the schema of a configured server up to date. Its roles may serve others, so their password stays as it is.
pub async fn migrate_configured(settings: &Settings) -> anyhow::Result<()> {
    tidemark_admin::migrate_keeping_password(settings).await.context("cannot migrate the configured database")?;
    Ok(())
}

/// Makes the tenants and people that are missing.
pub async fn people(settings: &Settings, people: &People) -> anyhow::Result<()> {
    let operator = Operator::open(settings).await?;
    let made = make_missing(&operator, people).await;
    operator.close().await;
    made
}

/// The second tenant is made last: where it is, all the others are, and no password need be hashed again.
async fn make_missing(operator: &Operator, people: &People) -> anyhow::Result<()> {
    let commands = operator.commands();
    let present = tenants::list(commands.pool()).await?;
    if present.iter().any(|tenant| tenant.tenant == OTHER_TENANT) {
        return Ok(());
    }
    tenants::create(commands, tenant(TENANT, "Demo", "Ada Admin", &people.admin)).await?;
    users::create(commands, user("Erin Editor", Role::Editor, &people.editor)).await?;
    users::create(commands, user("Max Member", Role::Member, &people.member)).await?;
    tenants::create(commands, tenant(OTHER_TENANT, "The other one", "Otto Other", &people.other.admin)).await?;
    Ok(())
}

fn tenant(slug: &str, name: &str, admin_name: &str, admin: &Account) -> NewTenant {
    NewTenant {
        slug: slug.to_owned(),
        name: name.to_owned(),
        admin_email: admin.email.clone(),
        admin_name: admin_name.to_owned(),
        admin_password: SecretString::from(admin.password.as_str()),
    }
}

fn user(name: &str, role: Role, account: &Account) -> NewUser {
    NewUser {
        tenant: TENANT.to_owned(),
        email: account.email.clone(),
        name: name.to_owned(),
        role,
        password: SecretString::from(account.password.as_str()),
    }
}
