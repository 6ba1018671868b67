//! Everything in this product that speaks with Bailiwick.

use serde_json::{Value, json};

/// It is away, or cannot say just now. Nothing is shown then.
pub struct Away;

pub struct Bailiwick {
    pub url: String,
    pub key: String,
    pub agent: ureq::Agent,
}

impl Bailiwick {
    /// What it answers; `None`: it refuses.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Option<Value>, Away> {
        let request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        let request = request.header("authorization", format!("Bearer {}", self.key));
        let request = request.header("content-type", "application/json");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut answer = self.agent.run(request.body(body).map_err(|_| Away)?).map_err(|_| Away)?;
        match answer.status().as_u16() {
            200 | 201 => answer.body_mut().read_json().map(Some).map_err(|_| Away),
            400..=499 => Ok(None),
            _ => Err(Away),
        }
    }

    /// A new customer: a person, and a workspace that they hold.
    pub fn new_customer(&self, customer: &str, name: &str, email: &str) -> Result<bool, Away> {
        let person = json!({"email": email, "name": name});
        let Some(owner) = self.ask("POST", "/v1/people", &person)? else { return Ok(false) };
        let workspace = json!({"model": "tenant", "name": customer, "external_id": customer, "owner": owner["id"]});
        Ok(self.ask("POST", "/v1/workspaces", &workspace)?.is_some())
    }

    /// Who was sent back with this code: their name, the ids of person and session.
    pub fn signed_in(&self, code: &str) -> Result<Option<[String; 3]>, Away> {
        let found = self.ask("POST", "/v1/sessions/exchange", &json!({"code": code}))?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(found.map(|f| [text(&f["person"]["name"]), text(&f["person"]["id"]), text(&f["session"]["id"])]))
    }

    /// Whether a session goes on: not after its end, nor after "sign out" anywhere.
    pub fn lives(&self, session: &str) -> Result<bool, Away> {
        Ok(self.ask("GET", &format!("/v1/sessions/{session}"), &Value::Null)?.is_some())
    }

    /// May this person do that in this customer's workspace?
    pub fn may(&self, person: &str, action: &str, customer: &str) -> Result<bool, Away> {
        let (subject, resource) =
            (json!({"type": "person", "id": person}), json!({"type": "workspace", "id": customer}));
        let question = json!({"subject": subject, "action": {"name": action}, "resource": resource});
        let answer = self.ask("POST", "/access/v1/evaluation", &question)?.ok_or(Away)?;
        if answer["context"]["reason"] == "unsure" { Err(Away) } else { Ok(answer["decision"] == true) }
    }

    /// The customer's team page.
    pub fn team_page(&self, customer: &str) -> Result<Option<String>, Away> {
        let found = self.ask("GET", &format!("/v1/workspaces/ext:{customer}"), &Value::Null)?;
        Ok(found.and_then(|w| Some(format!("{}/w/{}/team", self.url, w["id"].as_str()?))))
    }
}
