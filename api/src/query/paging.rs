//! Which part of a list is asked for, and how the part is answered.

use serde::Serialize;
use tidemark_kernel::FieldError;
use tidemark_projections::page::{Listing, Order, Page, Place};
use utoipa::ToSchema;

use super::cursor::{Bound, Cursors};
use crate::fields::Fields;
use crate::problem::{FieldProblem, Problem};

pub(super) const LARGEST_LIMIT: i64 = 100;
pub(super) const DEFAULT_LIMIT: u32 = 20;
/// Page numbers end here, in rows; whoever goes deeper takes the cursor.
pub(super) const DEEPEST: i64 = 10_000;

/// `page` and `limit`, or `cursor` and `limit`, as they were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    limit: u32,
    page: u32,
    cursor: Option<String>,
}

impl Paging {
    /// Reads `page`, `limit` and `cursor`.
    pub fn read(fields: &mut Fields) -> Option<Self> {
        let limit = fields.integer("limit", 1, LARGEST_LIMIT).map_or(DEFAULT_LIMIT, narrow);
        let page = fields.integer("page", 1, DEEPEST);
        let cursor = fields.optional("cursor", |text| Ok::<_, FieldError>(text.to_owned()));
        if cursor.is_some() && page.is_some() {
            return fields.reject("page", FieldError::not_allowed("must not be given beside cursor"));
        }
        let page = page.unwrap_or(1);
        if page * i64::from(limit) > DEEPEST {
            let deep = format!("page times limit must be at most {DEEPEST}; beyond that use cursor");
            return fields.reject("page", FieldError { code: "out_of_range", message: deep });
        }
        Some(Self { limit, page: narrow(page), cursor })
    }

    /// The page of the list that is `bound`.
    ///
    /// # Errors
    /// When the cursor was not made for it.
    pub fn page(&self, cursors: &Cursors, bound: Bound<'_>) -> Result<Page, Problem> {
        let place = match self.cursor.as_deref() {
            None => return Ok(Page::Numbered { page: self.page, limit: self.limit }),
            Some("") => None,
            Some(cursor) => Some(cursors.open(bound, cursor).ok_or_else(foreign_cursor)?),
        };
        Ok(Page::After { place, limit: self.limit })
    }

    /// All of it in one form, for a cache key.
    #[must_use]
    pub fn canonical(&self) -> String {
        match &self.cursor {
            Some(cursor) => format!("cursor={cursor}&limit={}", self.limit),
            None => format!("page={}&limit={}", self.page, self.limit),
        }
    }
}

fn narrow(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn foreign_cursor() -> Problem {
    let error = FieldError::invalid("is not a cursor of this list with these filters and this order");
    Problem::validation(vec![FieldProblem::new("cursor", error)])
}

/// Reads `sortBy` and `order` of a list that can be sorted by the fields of `allowed`; by `createdAt`, newest first,
/// when nothing else is asked for.
pub fn read_sort<S: Copy>(fields: &mut Fields, allowed: &[(&'static str, S)], default: S) -> Option<(S, Order)> {
    let named = fields.optional("sortBy", |text| {
        let found = allowed.iter().find(|(name, _)| *name == text).map(|(_, sort)| *sort);
        found.ok_or_else(|| one_of(allowed.iter().map(|(name, _)| *name)))
    });
    let order = fields.optional("order", |text| match text {
        "asc" => Ok(Order::Asc),
        "desc" => Ok(Order::Desc),
        _ => Err(one_of(["asc", "desc"])),
    });
    Some((named.unwrap_or(default), order.unwrap_or(Order::Desc)))
}

/// The error of a value that is none of `allowed`, which it lists.
pub fn one_of<'a>(allowed: impl IntoIterator<Item = &'a str>) -> FieldError {
    let allowed: Vec<&str> = allowed.into_iter().collect();
    FieldError::not_allowed(format!("must be one of {}", allowed.join(", ")))
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Paged<T: ToSchema> {
    /// The items in order.
    pub data: Vec<T>,
    /// Which part of the list they are.
    pub pagination: Pagination,
}

/// Which part of a list an answer is: by number, or by cursor.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Pagination {
    /// Asked for by `page`.
    #[serde(rename_all = "camelCase")]
    #[schema(title = "OffsetPagination")]
    Numbered {
        /// The page's number, from 1.
        #[schema(minimum = 1)]
        page: u32,
        /// Items in a page.
        #[schema(minimum = 1, maximum = 100)]
        limit: u32,
        /// Items in all.
        total: i64,
        /// Pages in all.
        total_pages: i64,
        /// Set when there may be more than `total`: counting stopped there.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        total_is_at_least: Option<bool>,
    },
    /// Asked for by `cursor`.
    #[serde(rename_all = "camelCase")]
    #[schema(title = "CursorPagination")]
    After {
        /// Items in a page.
        #[schema(minimum = 1, maximum = 100)]
        limit: u32,
        /// The cursor of the next page; null at the end.
        #[schema(required)]
        next_cursor: Option<String>,
    },
}

impl Pagination {
    fn of(page: &Page, listing: &Listing<impl Sized>, seal: impl FnOnce(&Place) -> String) -> Self {
        let limit = page.limit();
        match (page, listing.total) {
            (Page::Numbered { page, .. }, Some(total)) => Self::Numbered {
                page: *page,
                limit,
                total: total.count,
                total_pages: (total.count + i64::from(limit) - 1) / i64::from(limit),
                total_is_at_least: total.is_at_least.then_some(true),
            },
            _ => Self::After { limit, next_cursor: listing.next.as_ref().map(seal) },
        }
    }
}

impl<T: ToSchema> Paged<T> {
    /// The answer that shows `listing`, whose next page is reached by a cursor that is `bound`.
    pub fn of<R>(
        listing: Listing<R>,
        page: &Page,
        cursors: &Cursors,
        bound: Bound<'_>,
        show: impl FnMut(R) -> T,
    ) -> Self {
        let pagination = Pagination::of(page, &listing, |place| cursors.seal(bound, place));
        Self { data: listing.rows.into_iter().map(show).collect(), pagination }
    }
}
