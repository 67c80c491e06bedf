//! Plans that take several steps, built by the engine and carried out on the sandbox: what is asked in which order, what a
//! crash in between leaves, and that nothing is left to do afterwards.

mod identities;
mod implied;
mod registry_mode;
mod rig;
mod transitions;
mod upgrades;
