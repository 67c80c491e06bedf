//! Runs that are broken off, and the run after them.

#![expect(clippy::unwrap_used, reason = "a test fails when what it says does not hold")]

#[expect(dead_code, reason = "this target needs less of the scene than others")]
#[path = "../engine/scene.rs"]
mod scene;

mod scenarios;

#[tokio::test(start_paused = true)]
async fn uncut() {
    for s in scenarios::all() {
        let scene = scene::Scene::new();
        s.prepare(&scene).await;
        let plan = s.plan(&scene).await;
        println!("{}: {:#?}", s.name, scene::told(&plan));
        assert_eq!(scene::refusals(&plan), Vec::<String>::new());
        let t = std::time::Instant::now();
        let report = scene.run(&plan).await;
        assert!(report.complete(), "{report:#?}");
        println!("{} requests, {:?}", scene.requests().len(), t.elapsed());
        let plan = s.plan_again(&scene).await;
        assert_eq!(scene::told(&plan), Vec::<String>::new());
    }
}
