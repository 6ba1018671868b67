//! Bodies and queries, closed: one reading or none (AB-140).

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use bailiwick_app::App;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Value};

use crate::credentials::is_json;
use crate::problem::Problem;

/// The largest body that is taken.
pub const BODY_LIMIT: usize = 256 * 1024;
/// The deepest nesting that is taken.
const DEPTH: usize = 32;

/// A JSON body, read whole or not at all.
pub struct Json<T>(pub T);

/// A request that has no body, or an empty object.
pub struct NoBody;

/// A query whose parameters are all known, each given once.
pub struct Query<T>(pub T);

/// A query without parameters.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Arc<App>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return Err(not_json("Send a body as `Content-Type: application/json`."));
        }
        let bytes = read(&parts.headers, body).await?;
        from_slice(&bytes).map(Self)
    }
}

impl FromRequest<Arc<App>> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Arc<App>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body).await?;
        if bytes.is_empty() {
            return Ok(Self);
        }
        if !is_json(&parts.headers) {
            return Err(not_json("Send no body, or `{}` as `Content-Type: application/json`."));
        }
        from_slice::<Nothing>(&bytes).map(|Nothing {}| Self)
    }
}

impl<T: DeserializeOwned + 'static> FromRequestParts<Arc<App>> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        let raw = parts.uri.query().unwrap_or_default();
        let odd = |text: &str| text.contains('\u{fffd}') || text.chars().any(char::is_control);
        if form_urlencoded::parse(raw.as_bytes()).any(|(name, value)| odd(&name) || odd(&value)) {
            return Err(Problem::unreadable("bad-query", "The query holds characters that are not taken."));
        }
        axum::extract::Query::try_from_uri(&parts.uri).map(|axum::extract::Query(query)| Self(query)).map_err(|_| {
            Problem::unreadable(
                "bad-query",
                "The query has a parameter that this route does not have, one given twice, or a value that is not one.",
            )
        })
    }
}

fn not_json(detail: &str) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", detail)
}

/// The bytes of a body, up to the limit.
pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Problem> {
    let too_large = || {
        let detail = format!("A body has at most {BODY_LIMIT} bytes.");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
    };
    if headers.get(header::CONTENT_ENCODING).is_some_and(|of| !of.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(not_json("A compressed body is not taken."));
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|l| l.to_str().ok()).and_then(|l| l.parse::<u64>().ok());
    if length.is_some_and(|length| length > BODY_LIMIT as u64) {
        return Err(too_large());
    }
    let bytes = to_bytes(body, BODY_LIMIT).await.map_err(|error| {
        let limited = std::error::Error::source(&error).is_some_and(|e| e.to_string() == "length limit exceeded");
        if limited { too_large() } else { Problem::unreadable("bad-body", "The body ended early.") }
    })?;
    Ok(bytes.to_vec())
}

/// A value of JSON text: exact, closed, read once.
pub(crate) fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    T::deserialize(Closed(tree(bytes)?)).map_err(|error| unreadable(&error.to_string()))
}

/// JSON text as a tree, if it has one reading: no name twice, no NUL, no more than 32 levels, nothing after it.
pub(crate) fn tree(bytes: &[u8]) -> Result<Value, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Tree(DEPTH).deserialize(&mut reader).map_err(|error| unreadable(&error.to_string()))?;
    reader.end().map_err(|error| unreadable(&error.to_string()))?;
    Ok(value)
}

fn unreadable(why: &str) -> Problem {
    const LIMIT: usize = 300;
    let why: String = why.chars().filter(|c| !c.is_control()).take(LIMIT).collect();
    Problem::unreadable("bad-json", format!("The body cannot be read: {why}."))
}

/// Builds a tree to a depth.
#[derive(Clone, Copy)]
struct Tree(usize);

impl Tree {
    fn below<E: de::Error>(self) -> Result<Self, E> {
        self.0.checked_sub(1).map(Self).ok_or_else(|| E::custom("it is nested too deep"))
    }
}

impl<'de> DeserializeSeed<'de> for Tree {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree {
    type Value = Value;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        text(value).map(|()| value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(below)? {
            all.push(item);
        }
        Ok(all.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut all = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            text(&name)?;
            let value = members.next_value_seed(below)?;
            if all.insert(name, value).is_some() {
                return Err(de::Error::custom("a name is given twice"));
            }
        }
        Ok(all.into())
    }
}

fn text<E: de::Error>(text: &str) -> Result<(), E> {
    if text.contains('\0') { Err(E::custom("a text holds NUL")) } else { Ok(()) }
}

/// A tree that is read strictly: what is a struct is an object, never a list of its values.
struct Closed(Value);

type Wrong = serde_json::Error;

impl IntoDeserializer<'_, Wrong> for Closed {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Closed {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.into_iter().map(Closed));
                let value = visitor.visit_seq(&mut items)?;
                items.end().map(|()| value)
            }
            Value::Object(members) => {
                let mut members = MapDeserializer::new(members.into_iter().map(|(name, value)| (name, Closed(value))));
                let value = visitor.visit_map(&mut members)?;
                members.end().map(|()| value)
            }
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        if self.0.is_object() { self.deserialize_any(visitor) } else { Err(de::Error::custom("an object is needed")) }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        name: String,
        #[serde(default)]
        inner: Option<Inner>,
        #[serde(default)]
        seats: u32,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        list: Vec<String>,
        #[serde(default)]
        map: BTreeMap<String, String>,
    }

    fn sample(text: impl AsRef<[u8]>) -> Result<Sample, Problem> {
        from_slice(text.as_ref())
    }

    #[test]
    fn a_body_is_read() {
        let read = sample(r#"{"name":"caf\u00e9","inner":{"list":["a"],"map":{"k":"v"}},"seats":7}"#).unwrap();
        assert_eq!((read.name.as_str(), read.seats), ("café", 7));
        assert_eq!(read.inner.unwrap().map["k"], "v");
    }

    #[test]
    fn ab140_a_body_with_two_readings_has_none() {
        let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
        let deep = format!(r#"{{"name":"a","x":{deep}}}"#);
        let very_deep = "[".repeat(100_000);
        let bad: Vec<Vec<u8>> = vec![
            br#"{"name":"a","name":"b"}"#.to_vec(),
            br#"{"name":"a","n\u0061me":"b"}"#.to_vec(),
            br#"{"name":"a","inner":{"list":[],"map":{"k":"1","k":"2"}}}"#.to_vec(),
            br#"{"name":"a","inner":{"list":[],"list":[]}}"#.to_vec(),
            br#"{"name":"a","role":"owner"}"#.to_vec(),
            br#"{"name":"a","inner":{"list":[],"more":1}}"#.to_vec(),
            br#"{"name":7}"#.to_vec(),
            br#"{"name":null}"#.to_vec(),
            br#"["a"]"#.to_vec(),
            br#"{"name":"a","inner":[["x"]]}"#.to_vec(),
            br#"{"name":"a","seats":-1}"#.to_vec(),
            br#"{"name":"a","seats":4294967296}"#.to_vec(),
            br#"{"name":"a","seats":1.5}"#.to_vec(),
            br#"{"name":"a","seats":1e999}"#.to_vec(),
            br#"{"name":"a","seats":99999999999999999999999999}"#.to_vec(),
            br#"{"name":"a"} {}"#.to_vec(),
            br#"{"name":"a"},"#.to_vec(),
            br#"{"name":"a",}"#.to_vec(),
            br#"{"name":"\ud800"}"#.to_vec(),
            br#"{"name":"a\u0000b"}"#.to_vec(),
            br#"{"name":"a","\u0000":1}"#.to_vec(),
            b"\xef\xbb\xbf{\"name\":\"a\"}".to_vec(),
            b"{\"name\":\"\xff\"}".to_vec(),
            b"{\"name\":\"a\nb\"}".to_vec(),
            br#"{'name':'a'}"#.to_vec(),
            br#"{"name":NaN}"#.to_vec(),
            b"".to_vec(),
            b"null".to_vec(),
            deep.into_bytes(),
            very_deep.into_bytes(),
        ];
        for bytes in bad {
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
            let problem = sample(&bytes).expect_err(&shown);
            assert_eq!((problem.status, problem.code), (StatusCode::BAD_REQUEST, "bad-json"), "{shown}");
            assert!(problem.detail.len() < 1000, "{shown}");
        }
    }

    #[test]
    fn a_body_may_be_32_levels_deep() {
        let text = format!("{}{}", "[".repeat(32), "]".repeat(32));
        assert!(tree(text.as_bytes()).is_ok());
        let text = format!("{}{}", "[".repeat(33), "]".repeat(33));
        assert!(tree(text.as_bytes()).is_err());
    }
}
