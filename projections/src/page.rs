//! Pages of a list: by number, or from a place on. A place is found by index, however deep it lies.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

/// Beyond this many rows a count stops, where no counter is kept.
pub const COUNTED: i64 = 10_000;

/// Which way a list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Smallest first.
    Asc,
    /// Largest first.
    Desc,
}

impl Order {
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Asc => "asc",
            Self::Desc => "desc",
        }
    }

    fn beyond(self) -> &'static str {
        match self {
            Self::Asc => ">",
            Self::Desc => "<",
        }
    }
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// The page with this number, from 1, and the total with it.
    Numbered {
        /// From 1.
        page: u32,
        /// Rows in a page.
        limit: u32,
    },
    /// What comes after a place; from the start without one.
    After {
        /// Where the page before ended.
        place: Option<Place>,
        /// Rows in a page.
        limit: u32,
    },
}

impl Page {
    /// Rows in a page.
    #[must_use]
    pub fn limit(&self) -> u32 {
        match self {
            Self::Numbered { limit, .. } | Self::After { limit, .. } => *limit,
        }
    }

    /// Rows before the page, where it is numbered.
    #[must_use]
    pub fn offset(&self) -> i64 {
        match self {
            Self::Numbered { page, limit } => i64::from(page.saturating_sub(1)) * i64::from(*limit),
            Self::After { .. } => 0,
        }
    }

    /// Where the page before ended.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Numbered { .. } => None,
            Self::After { place, .. } => place.as_ref(),
        }
    }

    /// Whether it is asked for by number, with the total.
    #[must_use]
    pub fn is_numbered(&self) -> bool {
        matches!(self, Self::Numbered { .. })
    }
}

/// Where a page ended: the last row's sort value and id. The edge signs it and binds it to tenant, list and filters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The sort value of the last row.
    pub key: SortKey,
    /// Its id, which decides between equal values. Nil where the value itself is unique.
    pub id: Uuid,
}

/// A value that a list is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SortKey {
    /// A moment.
    Time(DateTime<Utc>),
    /// A text, compared byte by byte.
    Text(String),
}

/// How many rows there are in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Total {
    /// The number.
    pub count: i64,
    /// There may be more: counting stopped here.
    pub is_at_least: bool,
}

impl Total {
    /// All were counted.
    #[must_use]
    pub fn exact(count: i64) -> Self {
        Self { count, is_at_least: false }
    }

    /// What a count says that stops after [`COUNTED`] and one more.
    pub(crate) fn counted(count: i64) -> Self {
        Self { count: count.min(COUNTED), is_at_least: count > COUNTED }
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// The rows in order.
    pub rows: Vec<T>,
    /// How many there are in all; only of a numbered page.
    pub total: Option<Total>,
    /// Where this page ended; `None` when nothing comes after it.
    pub next: Option<Place>,
}

impl<T> Listing<T> {
    /// Takes one row more than a page has as the sign that another page follows.
    #[must_use]
    pub fn of(mut rows: Vec<T>, page: &Page, total: Option<Total>, place_of: impl Fn(&T) -> Place) -> Self {
        let limit = page.limit() as usize;
        let goes_on = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| goes_on).map(place_of);
        Self { rows, total, next }
    }
}

/// Adds ` and (column, id) < (…)` for what comes after `place`.
pub(crate) fn push_after(
    query: &mut QueryBuilder<'_, Postgres>,
    column: &str,
    id: &str,
    place: Option<&Place>,
    order: Order,
) {
    let Some(place) = place else { return };
    query.push(format!(" and ({column}, {id}) {} (", order.beyond()));
    match &place.key {
        SortKey::Time(time) => query.push_bind(*time),
        SortKey::Text(text) => query.push_bind(text.clone()),
    };
    query.push(", ").push_bind(place.id).push(")");
}
