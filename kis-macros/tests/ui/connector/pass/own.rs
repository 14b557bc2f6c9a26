// A connector of one's own: registered by its word, taken by a function, its params derived.

use kis_core::conn::{ConnError, ConnSpec, LaneContext, connectors};
use kis_core::prelude::*;

pub struct Bell {
    loud: bool,
}

#[derive(Params)]
pub struct BellParams {
    /// Whether it can be heard far away.
    #[param(default = false)]
    pub loud: bool,
}

pub struct BellClient {
    pub loud: bool,
}

#[connector]
impl Connector for Bell {
    const KIND: &'static str = "bell";
    type Params = BellParams;
    type Client = BellClient;

    async fn open(spec: ConnSpec<BellParams>) -> std::result::Result<Self, ConnError> {
        Ok(Bell { loud: spec.params.loud })
    }

    fn client(&self, _: &LaneContext) -> BellClient {
        BellClient { loud: self.loud }
    }
}

#[derive(Row)]
pub struct Guest {
    pub name: String,
}

#[kis_function(mode = "Expand", conn = "Door")]
pub fn ring(guest: &Guest, bell: &Conn<Bell>) -> bool {
    bell.loud && !guest.name.is_empty()
}

fn main() {
    let known = connectors().into_iter().find(|info| info.kind == "bell").expect("the bell is registered");
    assert!(known.at.ends_with("own.rs:22"), "{}", known.at);
    assert_eq!(known.params.params[0].name, "loud");
    let bell = Conn::<Bell>::new(BellClient { loud: true });
    assert!(ring(&Guest { name: "A".into() }, &bell));
}
