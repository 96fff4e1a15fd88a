//! The values that settings are made of: a currency, a time zone, a language, an origin, the address of a site.

use serde::{Deserialize, Serialize};
use tidemark_kernel::FieldError;
use url::Url;

/// The names of the IANA time zone database, in order.
const TIME_ZONES: &str = include_str!("time_zones.txt");

/// The currencies of ISO 4217 that people pay with, in order.
const CURRENCIES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP \
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD \
    IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN \
    MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP \
    STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

macro_rules! text_value {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The value as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

text_value!(
    /// An ISO 4217 code, upper case.
    CurrencyCode
);
text_value!(
    /// A name of the IANA time zone database, as in `Europe/Berlin`.
    TimeZone
);
text_value!(
    /// A language tag of BCP 47, as in `de-CH`, in its recommended case. It is well formed; whether anybody speaks it is not asked.
    Language
);
text_value!(
    /// An origin to the letter, as a browser sends it: `https://shop.example`.
    Origin
);
text_value!(
    /// The address of a tenant's front end, without a slash at its end: links are made by adding a path.
    SiteUrl
);

impl CurrencyCode {
    /// Checks what somebody typed.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        if CURRENCIES.split_ascii_whitespace().any(|code| code == text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FieldError::invalid("must be an ISO 4217 code in upper case, as in EUR"))
        }
    }
}

impl TimeZone {
    /// Checks what somebody typed.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        if TIME_ZONES.lines().any(|name| name == text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FieldError::invalid("must be a name of the IANA time zone database, as in Europe/Berlin"))
        }
    }
}

impl Default for TimeZone {
    fn default() -> Self {
        Self("UTC".to_owned())
    }
}

impl Language {
    /// The longest tag, in characters.
    pub const MAX: usize = 35;

    /// Checks what somebody typed: a language, then perhaps a script, a region and variants.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let malformed = || FieldError::invalid("must be a BCP 47 language tag, as in de or pt-BR");
        if text.len() > Self::MAX {
            return Err(FieldError::too_long(Self::MAX, "characters"));
        }
        let mut subtags = text.split('-').peekable();
        let language = subtags.next().filter(|subtag| is_alphabetic(subtag, 2..=3)).ok_or_else(malformed)?;
        let mut tag = language.to_ascii_lowercase();
        if let Some(script) = subtags.next_if(|subtag| is_alphabetic(subtag, 4..=4)) {
            let (first, rest) = script.split_at(1);
            tag.extend(["-", &first.to_ascii_uppercase(), &rest.to_ascii_lowercase()]);
        }
        let is_region = |subtag: &str| {
            is_alphabetic(subtag, 2..=2) || (subtag.len() == 3 && subtag.bytes().all(|byte| byte.is_ascii_digit()))
        };
        if let Some(region) = subtags.next_if(|subtag| is_region(subtag)) {
            tag.extend(["-", &region.to_ascii_uppercase()]);
        }
        for variant in subtags {
            if !is_variant(variant) {
                return Err(malformed());
            }
            tag.extend(["-", &variant.to_ascii_lowercase()]);
        }
        Ok(Self(tag))
    }
}

impl Default for Language {
    fn default() -> Self {
        Self("en".to_owned())
    }
}

fn is_alphabetic(subtag: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_variant(subtag: &str) -> bool {
    let begins_with_digit = subtag.as_bytes().first().is_some_and(u8::is_ascii_digit);
    let fits = (5..=8).contains(&subtag.len()) || (subtag.len() == 4 && begins_with_digit);
    fits && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl Origin {
    /// Checks what somebody typed: no path, no default port, no star, and not `null`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let is_origin = Url::parse(text).is_ok_and(|url| {
            is_web(&url)
                && url.host_str().is_some_and(|host| !host.contains('*'))
                && url.origin().ascii_serialization() == text
        });
        if is_origin {
            Ok(Self(text.to_owned()))
        } else {
            Err(FieldError::invalid("must be an origin as a browser sends it, as in https://shop.example"))
        }
    }
}

impl SiteUrl {
    /// The longest address, in characters.
    pub const MAX: usize = 500;

    /// Checks what somebody typed.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        if text.chars().count() > Self::MAX {
            return Err(FieldError::too_long(Self::MAX, "characters"));
        }
        let malformed =
            || FieldError::invalid("must be an http or https address without query, as in https://shop.example");
        let url = Url::parse(text.trim()).map_err(|_| malformed())?;
        let is_plain =
            url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
        if is_web(&url) && is_plain {
            Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
        } else {
            Err(malformed())
        }
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_an_upper_case_code_of_the_list() {
        assert!(["EUR", "JPY", "USD"].into_iter().all(|code| CurrencyCode::parse(code).is_ok()));
        for text in ["", "eur", "EURO", "XXX", "ABC", "EUR USD", " EUR"] {
            assert_eq!(CurrencyCode::parse(text).map_err(|error| error.code), Err("invalid"), "{text:?}");
        }
    }

    #[test]
    fn a_time_zone_is_a_name_of_the_database() {
        assert!(
            ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"]
                .into_iter()
                .all(|name| TimeZone::parse(name).is_ok())
        );
        for text in ["", "europe/berlin", "Berlin", "+02:00", "Europe/Berlin\n", "Mars/Olympus_Mons"] {
            assert_eq!(TimeZone::parse(text).map_err(|error| error.code), Err("invalid"), "{text:?}");
        }
        assert!(TimeZone::parse(TimeZone::default().as_str()).is_ok());
    }

    #[test]
    fn a_language_tag_is_well_formed_and_takes_its_recommended_case() {
        let parse = |text: &str| Language::parse(text).map(|tag| tag.0).map_err(|error| error.code);
        for (given, kept) in [
            ("de", "de"),
            ("DE-ch", "de-CH"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("de-CH-1996", "de-CH-1996"),
            ("sl-rozaj-biske", "sl-rozaj-biske"),
        ] {
            assert_eq!(parse(given).as_deref(), Ok(kept));
        }
        for text in ["", "d", "deutsch", "de_DE", "de-", "-de", "de--DE", "de-D", "12", "d\u{e9}", "de-\u{0}\u{0}"] {
            assert_eq!(parse(text), Err("invalid"), "{text:?}");
        }
        assert_eq!(parse(&"de-abcde".repeat(10)), Err("too_long"));
    }

    #[test]
    fn an_origin_is_one_to_the_letter() {
        assert!(["https://shop.example", "http://localhost:5173"].into_iter().all(|text| Origin::parse(text).is_ok()));
        for text in [
            "",
            "null",
            "*",
            "https://*.shop.example",
            "https://shop.example/",
            "https://shop.example:443",
            "HTTPS://shop.example",
            "ftp://shop.example",
            "https://a@shop.example",
        ] {
            assert_eq!(Origin::parse(text).map_err(|error| error.code), Err("invalid"), "{text:?}");
        }
    }

    #[test]
    fn the_address_of_a_site_ends_without_a_slash() {
        let parse = |text: &str| SiteUrl::parse(text).map(|site| site.0).map_err(|error| error.code);
        assert_eq!(parse("https://shop.example/").as_deref(), Ok("https://shop.example"));
        assert_eq!(parse("https://Shop.example/de/").as_deref(), Ok("https://shop.example/de"));
        for text in [
            "",
            "shop.example",
            "javascript:alert(1)",
            "https://",
            "https://ada:pw@shop.example",
            "https://shop.example?x=1",
            "https://shop.example#x",
        ] {
            assert_eq!(parse(text), Err("invalid"), "{text:?}");
        }
        assert_eq!(parse(&format!("https://shop.example/{}", "a".repeat(500))), Err("too_long"));
    }
}
