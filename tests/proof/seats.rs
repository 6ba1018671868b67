//! What many want and few may have: the seats of a plan, and the last admin's role. The drivers race for both, on all
//! nodes at once.

use serde_json::Value;

use crate::driver::Driver;

/// One turn in so many is a race.
const SOMETIMES: u64 = 16;

/// What the drivers race for.
pub struct Shared {
    /// A team with five seats, taken by invitation.
    team: String,
    /// Its first admin's row.
    admin: String,
}

impl Shared {
    pub fn new(driver: &mut Driver) -> Self {
        let team = driver.workspace("tenant", "starter").expect("nothing is broken yet");
        let members = driver.get(&format!("/v1/workspaces/{team}/members")).expect("the members");
        let admin = members["items"][0]["id"].as_str().expect("the first admin").to_owned();
        Self { team, admin }
    }

    /// Takes a seat, or gives one back, or tries to take the last admin's role away; then looks whether all is well.
    pub fn turn(&self, driver: &mut Driver) -> Option<()> {
        if driver.random.below(SOMETIMES) != 0 {
            return Some(());
        }
        let team = &self.team;
        match driver.random.below(3) {
            0 => {
                let address = format!("{}@seats.example", driver.fresh("seat"));
                let body = format!(r#"{{"invitations":[{{"email":"{address}","access":{{"role":"user"}}}}]}}"#);
                driver.change("POST", &format!("/v1/workspaces/{team}/invitations"), &body)?;
            }
            1 => {
                let open = driver.get(&format!("/v1/workspaces/{team}/invitations?status=pending"))?;
                let open = open["items"].as_array().cloned().unwrap_or_default();
                let id = open.get(driver.random.one_of(open.len()))?["id"].as_str()?.to_owned();
                driver.change("DELETE", &format!("/v1/workspaces/{team}/invitations/{id}"), "")?;
            }
            _ => {
                let path = format!("/v1/workspaces/{team}/members/{}/access", self.admin);
                let done = driver.change("PUT", &path, r#"{"role":"user"}"#)?;
                if done.answer.status < 300 {
                    driver.world.tally.wrong("the last admin's role was taken".to_owned());
                }
            }
        }
        driver.world.tally.changed("race for seats and ownership");
        let seats = driver.get(&format!("/v1/workspaces/{team}"))?["seats"].clone();
        let number = |name: &str| seats[name].as_u64();
        if number("taken") > number("held") {
            driver.world.tally.wrong(format!("more seats are taken than held: {seats}"));
        }
        Some(())
    }
}

impl Driver {
    /// Every workspace has its one owner, or an admin, and no seat too many is taken.
    pub fn one_owner(&mut self) {
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("/v1/workspaces?limit=200{cursor}")).expect("the workspaces");
            for workspace in page["items"].as_array().into_iter().flatten() {
                self.look_over(workspace);
            }
            let Some(next) = page["next_cursor"].as_str() else { return };
            cursor = format!("&cursor={next}");
        }
    }

    fn look_over(&mut self, workspace: &Value) {
        let id = workspace["id"].as_str().unwrap_or_default();
        let count = |this: &mut Self, role: &str| {
            let page = this.get(&format!("/v1/workspaces/{id}/members?role={role}"));
            page.and_then(|page| page["items"].as_array().map(Vec::len))
        };
        let is_team = workspace["plan"].as_str().is_some_and(|plan| matches!(plan, "free" | "pro" | "business"));
        let fine = if is_team { count(self, "owner") == Some(1) } else { count(self, "admin") >= Some(1) };
        let seats = |name: &str| workspace["seats"][name].as_u64();
        if !fine || seats("held").is_some_and(|held| seats("taken") > Some(held)) {
            self.world.tally.wrong(format!("{id} has not one owner, or too many seats are taken: {workspace}"));
        }
    }
}
