//! Looking at environments and agents.

use std::fs;

use metarl::gallery::Gallery;
use metarl::play::{Player, play};

use crate::program::{content, metarl, refuses, succeeds, trained, workplace};

#[test]
fn every_environment_can_be_looked_at() {
    let gallery = Gallery::default();
    let names: Vec<&str> = gallery.names().collect();
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        let replay = play(name, Player::Random { n_episodes: 2 }, 1).expect(name);
        assert!(replay.frames.len() > 2, "{name}");
        for frame in &replay.frames {
            let svg = frame.picture.svg();
            let parsed = roxmltree::Document::parse(&svg).expect(name);
            assert!(parsed.root_element().descendants().count() > 3, "{name}");
            assert!(
                !svg.contains("NaN") && !svg.contains("inf"),
                "{name}: {svg}"
            );
            assert!(frame.caption.starts_with("episode "), "{name}");
        }
        let animated = replay.svg();
        let parsed = roxmltree::Document::parse(&animated).expect(name);
        let rounds = parsed
            .descendants()
            .filter(|node| node.has_tag_name("animate"));
        assert_eq!(rounds.count(), replay.frames.len(), "{name}");
    }
}

/// Nine steps of Catch and where they start from.
#[test]
fn captions_tell_what_happened() {
    let replay = play("catch/usual", Player::Random { n_episodes: 1 }, 4).expect("an environment");
    assert_eq!(replay.frames.len(), 10);
    assert_eq!(replay.frames[0].caption, "episode 1");
    let last = &replay.frames[9].caption;
    assert!(last.starts_with("episode 1, step 9: action "), "{last}");
    assert!(last.ends_with(", ended"), "{last}");
    assert!(replay.html().contains(last));
    let again = play("catch/usual@1", Player::Random { n_episodes: 1 }, 4).expect("the same");
    assert_eq!(again.frames, replay.frames);
}

#[test]
fn the_name_says_what_is_written() {
    let folder = workplace();
    let at = folder.path();
    succeeds(&metarl(at, &["play", "cart-pole"]));
    let page = fs::read_to_string(at.join("cart-pole.html")).expect("a page");
    assert!(page.contains("<figure hidden>") && page.contains("cart-pole, random actions"));

    succeeds(&metarl(at, &["play", "t-maze", "--out", "maze.svg"]));
    let picture = fs::read_to_string(at.join("maze.svg")).expect("a picture");
    assert!(picture.starts_with("<svg") && picture.contains("<animate"));

    let arguments = ["play", "catch/either", "--episodes", "3", "--out", "frames"];
    let said = succeeds(&metarl(at, &arguments));
    assert_eq!(said.trim(), "30 frames in frames");
    assert_eq!(content(&at.join("frames")).len(), 30);
}

#[test]
fn a_trained_agent_plays_its_own_trial() {
    let folder = trained();
    let at = folder.path();
    let arguments = [
        "play",
        "bandit/bernoulli-2",
        "--policy",
        "run",
        "--out",
        "trial",
    ];
    succeeds(&metarl(at, &arguments));
    // A picture before the first pull, one for each pull.
    assert_eq!(content(&at.join("trial")).len(), 1 + 10);
}

#[test]
fn wrong_names_are_told_apart() {
    let folder = workplace();
    let at = folder.path();
    let before = content(at);
    let misspelled = metarl(at, &["play", "cart-pole/reglar"]);
    refuses(&misspelled, &["did you mean 'cart-pole/regular'?"]);
    let no_run = metarl(at, &["play", "pendulum", "--policy", "nowhere"]);
    refuses(&no_run, &["nowhere", "holds no run"]);
    let no_episode = metarl(at, &["play", "pendulum", "--episodes", "0"]);
    refuses(&no_episode, &["--episodes must be at least 1, got 0"]);
    assert_eq!(content(at), before);
}

#[test]
fn an_agent_is_not_shown_in_a_foreign_environment() {
    let folder = trained();
    let output = metarl(folder.path(), &["play", "pendulum", "--policy", "run"]);
    let message = "the agent in run plays bandit/bernoulli-2, not pendulum";
    refuses(&output, &[message]);
}
