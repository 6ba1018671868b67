//! Who is in the demo. All names and addresses are invented.

use super::Holds::{All, Direct, Each, Role, Template};
use super::{Holds, Joins, Plan};

const fn joins(name: &'static str, email: &'static str, holds: Holds, hours_ago: i64) -> Joins {
    Joins { name, email, holds, hours_ago, suspended: false }
}

pub(super) const PLANS: &[Plan] = &[
    Plan {
        model: "tenant",
        name: "Halden Outdoor",
        plan: "growth",
        extra_seats: 0,
        owner: ("Priya Raman", "priya.raman@halden.example"),
        resources: &[],
        people: &[
            joins("Tomas Okafor", "tomas.okafor@halden.example", Role("admin"), 1),
            joins("Jonas Lindqvist", "jonas.lindqvist@halden.example", Template("Standard agent", true), 2),
            joins("Maya Castellanos", "maya.castellanos@halden.example", Template("Standard agent", true), 3),
            joins("Wei Zhang", "wei.zhang@halden.example", Template("Integrator", false), 26),
            joins("Ines Duarte", "ines.duarte@halden.example", Template("Manager", true), 30),
            joins("Amara Nwosu", "amara.nwosu@halden.example", Template("Standard agent", true), 49),
            joins(
                "Felix Brandt",
                "felix.brandt@halden.example",
                Direct(&["conversations:view", "conversations:edit"], false),
                50,
            ),
            joins("Hana Sato", "hana.sato@halden.example", Template("Standard agent", true), 97),
            joins("Leo Marchetti", "leo.marchetti@halden.example", Template("Standard agent", true), 98),
            joins("Sofia Rinaldi", "sofia.rinaldi@halden.example", Template("Manager", false), 145),
            joins("Ruth Abebe", "ruth.abebe@halden.example", Template("Standard agent", true), 220),
            joins(
                "Daniel Cho",
                "daniel.cho@halden.example",
                Direct(&["analytics:view", "analytics:export"], false),
                580,
            ),
            joins("Nadia Haddad", "nadia.haddad@halden.example", Template("Standard agent", true), 1470),
            Joins {
                name: "Oskar Nowak",
                email: "oskar.nowak@halden.example",
                holds: Template("Integrator", false),
                hours_ago: 2690,
                suspended: true,
            },
        ],
        invited: &[
            ("paul.iversen@halden.example", Template("Standard agent", true), 216),
            ("elif.aydin@halden.example", Template("Manager", false), 72),
            ("mira.jovanovic@halden.example", Template("Standard agent", true), 2),
        ],
    },
    Plan {
        model: "properties",
        name: "Solberg Studio",
        plan: "business",
        extra_seats: 0,
        owner: ("Ingrid Solberg", "ingrid@solberg.example"),
        resources: &["Shop", "Blog", "Help center", "Careers", "Mobile app", "Investor site"],
        people: &[
            joins("Kofi Mensah", "kofi@solberg.example", Role("admin"), 1),
            joins(
                "Lena Vogt",
                "lena@solberg.example",
                Each(
                    "member",
                    &[("Shop", "write"), ("Help center", "read"), ("Careers", "read"), ("Mobile app", "write")],
                ),
                3,
            ),
            joins("Ravi Menon", "ravi@solberg.example", All("member", "write"), 27),
            joins("Chloe Martin", "chloe@brightline.example", Each("viewer", &[("Shop", "read")]), 122),
            joins("Samir Aziz", "samir@solberg.example", Each("member", &[("Blog", "admin")]), 196),
            joins(
                "Noor Visser",
                "noor@solberg.example",
                Each("member", &[("Blog", "write"), ("Careers", "write")]),
                310,
            ),
            joins("Mateo Silva", "mateo@solberg.example", All("viewer", "read"), 44),
            joins(
                "Aiko Tanaka",
                "aiko@solberg.example",
                Each("member", &[("Investor site", "admin"), ("Shop", "read")]),
                12,
            ),
        ],
        invited: &[
            ("petra.holm@brightline.example", Each("viewer", &[("Investor site", "read")]), 30),
            ("jakob.lund@solberg.example", Each("member", &[("Shop", "write")]), 4),
        ],
    },
    Plan {
        model: "properties",
        name: "Harbour & Pine",
        plan: "pro",
        extra_seats: 5,
        owner: ("Grace Muller", "grace@harbourpine.example"),
        resources: &["Boat rental", "Cabins"],
        people: &[
            joins("Tariq Nasser", "tariq@harbourpine.example", Role("member"), 5),
            joins("Elsa Berg", "elsa@harbourpine.example", Role("member"), 52),
            joins("Piotr Zielinski", "piotr@harbourpine.example", Role("member"), 9),
            joins("Leila Farouk", "leila@harbourpine.example", Role("member"), 75),
            joins("Sam Whitlock", "sam@harbourpine.example", Role("member"), 31),
            joins("Ikenna Obi", "ikenna@harbourpine.example", Role("member"), 14),
            joins("Marta Kovac", "marta@harbourpine.example", Role("member"), 160),
        ],
        invited: &[("finn@harbourpine.example", Role("member"), 20)],
    },
    Plan {
        model: "chatbots",
        name: "Quillfeather Books",
        plan: "standard",
        extra_seats: 0,
        owner: ("Beatriz Fonseca", "beatriz@quillfeather.example"),
        resources: &[],
        people: &[
            joins("Arjun Mehta", "arjun@quillfeather.example", Role("admin"), 2),
            joins("Sigrid Aas", "sigrid@quillfeather.example", Role("admin"), 29),
            joins("Milo Janssen", "milo@quillfeather.example", Role("member"), 4),
            joins("Yara Haddad", "yara@quillfeather.example", Role("member"), 73),
            joins("Otis Bright", "otis@quillfeather.example", Role("member"), 1210),
        ],
        invited: &[
            ("carla.reyes@quillfeather.example", Role("member"), 12),
            ("dmitri.volkov@quillfeather.example", Role("admin"), 50),
        ],
    },
    Plan {
        model: "agents",
        name: "Northwind Care",
        plan: "growth",
        extra_seats: 0,
        owner: ("Miriam Stern", "miriam@northwind.example"),
        resources: &[],
        people: &[
            joins("Paulo Ribeiro", "paulo@northwind.example", Role("owner"), 20),
            joins("Astrid Holm", "astrid@northwind.example", Template("Admin", false), 1),
            joins("Kenji Mori", "kenji@northwind.example", Template("Supervisor", false), 3),
            joins("Fatou Diallo", "fatou@northwind.example", Template("Support agent", false), 2),
            joins("Liam Doyle", "liam@northwind.example", Template("Support agent", false), 26),
            joins("Vera Novak", "vera@northwind.example", Template("Analyst", false), 51),
            joins("Hugo Blanc", "hugo@northwind.example", Template("Viewer", false), 2300),
        ],
        invited: &[("salma.idris@northwind.example", Template("Support agent", false), 8)],
    },
    Plan {
        model: "profiles",
        name: "Lumen Lamps",
        plan: "standard",
        extra_seats: 0,
        owner: ("Odette Marchand", "odette@lumen.example"),
        resources: &["Shop assistant", "Wholesale desk", "Repairs"],
        people: &[
            joins("Bao Tran", "bao@lumen.example", Role("admin"), 6),
            joins("Tilda Berg", "tilda@lumen.example", Each("member", &[("Shop assistant", "all")]), 2),
            joins("Nico Ferrari", "nico@lumen.example", Each("member", &[("Repairs", "analytics+billing")]), 31),
            joins(
                "Zadie Cole",
                "zadie@lumen.example",
                Each("member", &[("Shop assistant", "conversations+social"), ("Repairs", "conversations")]),
                9,
            ),
        ],
        invited: &[("rune.dahl@lumen.example", Each("member", &[("Wholesale desk", "settings+visibility")]), 5)],
    },
];
