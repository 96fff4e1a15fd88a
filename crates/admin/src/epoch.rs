//! Raising the epoch after history was cut, and putting right what shows the lost part of it.

use serde::Serialize;
use tidemark_engine::epoch::{self, Present, RaiseError, Raised};
use tidemark_projections::Registered;
use tidemark_runtime::Settings;

use crate::cli::Epoch;
use crate::output::Output;
use crate::run::confirm;
use crate::{Failure, connect, operator, rebuild};

/// What was done, and what is left to do.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PutRight {
    #[serde(flatten)]
    raised: Raised,
    /// Read models that show what has not happened.
    ahead: Vec<String>,
    /// Read models that show the present history again.
    rebuilt: Vec<String>,
    /// Those that do not: they were not rebuilt, or are unknown to this version.
    left: Vec<String>,
}

pub(crate) async fn run(command: Epoch, settings: &Settings, output: Output) -> Result<(), Failure> {
    let Epoch::Raise { fork, yes, no_rebuild } = command;
    let owner = connect::as_owner(settings).await?;
    let present = epoch::present(&owner).await?;
    if !yes {
        confirm(&question(present, fork), &present.epoch.to_string())?;
    }
    let raised = epoch::raise(&owner, fork, &operator::who()).await?;
    // Commands go on from here, whether the read models can be put right now or not.
    let asked = async {
        let owner = connect::owners(settings).await?;
        Ok::<_, Failure>((epoch::ahead(&owner, &raised).await?, owner))
    };
    let (ahead, owner) = match asked.await {
        Ok(found) => found,
        Err(failure) => {
            output.print(&PutRight { raised, ahead: Vec::new(), rebuilt: Vec::new(), left: Vec::new() }, told)?;
            return Err(Failure::Unhealthy(format!(
                "the epoch was raised, and the read models could not be asked whether they show what was lost ({failure}): see \
                 `admin projections status` once they can, and run `admin projections rebuild` for each that nobody folds"
            )));
        }
    };
    let (mut rebuilt, mut left, mut why) = (Vec::new(), Vec::new(), String::new());
    for name in &ahead {
        let Some(projection) = registered(name).filter(|_| !no_rebuild) else {
            left.push(name.clone());
            continue;
        };
        match rebuild::anew(&projection, &owner, settings, output).await {
            Ok(()) => rebuilt.push(name.clone()),
            Err(failure) => {
                why = format!(" ({failure})");
                left.push(name.clone());
            }
        }
    }
    let done = PutRight { raised, ahead, rebuilt, left };
    output.print(&done, told)?;
    if done.left.is_empty() {
        return Ok(());
    }
    let left = done.left.join(", ");
    Err(Failure::Unhealthy(format!(
        "the epoch was raised, and {left} still shows what was lost{why}: run `admin projections rebuild` for each"
    )))
}

fn registered(name: &str) -> Option<Registered> {
    tidemark_projections::all().into_iter().find(|registered| registered.definition.name == name)
}

fn question(present: Present, fork: Option<i64>) -> String {
    let why = match present.refuses {
        Some(refuses) => format!("It takes no appends: {refuses}."),
        None => "It takes appends, on the server and the timeline of its epoch.".to_owned(),
    };
    let fork = fork.unwrap_or(present.head);
    format!(
        "The log ends at {} in epoch {}. {why}\n\
         Raising the epoch says for ever that this is the history to go on with, that the other one has parted after position {fork},\n\
         and that no other server will take a command for it again. Type the present epoch to go on: ",
        present.head, present.epoch
    )
}

fn told(done: &PutRight) -> String {
    let Raised { epoch, fork, forgotten_answers, dropped_effects, ended_sessions, policies, .. } = &done.raised;
    let named = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    format!(
        "raised the epoch to {epoch}: what lay behind position {fork} has not happened\n  \
         read models  rebuilt: {}; left: {}\n  \
         policies     that had reacted to it, and go on from there: {}\n  \
         effects      {dropped_effects} of lost events were dropped\n  \
         answers      {forgotten_answers} of lost commands were forgotten\n  \
         sessions     {ended_sessions} of people who never were have ended\n\
         Services start anew by themselves, the relay makes its stream anew, positions of the lost epoch are answered with 410, and \
         access tokens of it are refused: whoever is signed in has to refresh once.",
        named(&done.rebuilt),
        named(&done.left),
        named(policies)
    )
}

impl From<RaiseError> for Failure {
    fn from(error: RaiseError) -> Self {
        match error {
            RaiseError::Database(error) => error.into(),
            RaiseError::ReadOnly => Self::Failed(error.to_string()),
            RaiseError::NoSuchPlace { .. } => Self::Usage(error.to_string()),
        }
    }
}
