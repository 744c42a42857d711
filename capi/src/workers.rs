//! The threads of an evaluator, which end with it.

use crate::error::Error;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::thread::JoinHandle;

/// Threads that read and tokenize. None is left when this has been dropped.
pub(crate) struct Workers {
    pool: Option<ThreadPool>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts `count` threads; 0: one a core.
    pub(crate) fn start(count: usize) -> Result<Self, Error> {
        let mut threads = Vec::new();
        let pool = ThreadPoolBuilder::new()
            .num_threads(count)
            .spawn_handler(|thread| {
                let named = std::thread::Builder::new().name("nneval".into());
                threads.push(named.spawn(|| thread.run())?);
                Ok(())
            })
            .build();
        match pool {
            Ok(pool) => Ok(Self { pool: Some(pool), threads }),
            Err(e) => {
                join(threads);
                Err(Error::runtime(&format!("threads cannot be started: {e}")))
            }
        }
    }

    /// Runs `work` on these threads and waits for it.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        // The threads end once the pool is gone.
        self.pool = None;
        join(std::mem::take(&mut self.threads));
    }
}

fn join(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        // A panic on a thread has been told to whoever waited for its work.
        let _ = thread.join();
    }
}
