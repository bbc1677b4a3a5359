//! Templates: levels are apart, changes are merged.

use crate::bench::Bench;
use crate::cases;
use app::ports::templates::{Level, Texts};
use domain::template::Template;

cases! {
    async fn texts_are_merged_and_removed_by_level(bench: &Bench) {
        let (user, agent) = (Level::User(bench.user), Level::Agent(bench.user, bench.agent));
        let put = async |level, changes: &[(Template, Option<&str>)]| {
            let changes = changes.iter().map(|(template, text)| (*template, text.map(str::to_owned))).collect();
            bench.store.put_templates(level, changes, bench.now()).await.unwrap()
        };
        let texts = |texts: &[(Template, &str)]| -> Texts {
            texts.iter().map(|(template, text)| (*template, (*text).to_owned())).collect()
        };
        assert_eq!(bench.store.list_templates(user).await.unwrap(), Texts::new());
        let (soul, memory) = (Template::Soul, Template::Memory);
        assert_eq!(put(user, &[(soul, Some("kind \u{0}")), (memory, Some(""))]).await, texts(&[(soul, "kind \u{0}"), (memory, "")]));
        assert_eq!(put(user, &[(soul, Some("stern"))]).await, texts(&[(soul, "stern"), (memory, "")]));
        assert_eq!(put(user, &[(memory, None), (Template::Tools, None)]).await, texts(&[(soul, "stern")]));
        assert_eq!(bench.store.list_templates(agent).await.unwrap(), Texts::new());
        assert_eq!(put(agent, &[(soul, Some("own"))]).await, texts(&[(soul, "own")]));
        assert_eq!(bench.store.list_templates(user).await.unwrap(), texts(&[(soul, "stern")]));
        assert_eq!(bench.store.list_templates(Level::User(bench.stranger)).await.unwrap(), Texts::new());
        bench.store.delete_user(bench.user, bench.now()).await.unwrap();
        assert_eq!(bench.store.list_templates(agent).await.unwrap(), Texts::new());
    }
}
