package io.heterospec.topology.cli;

import java.util.Locale;

/** What may happen to an instance or to what it depends on. */
enum ChaosFault {
  /** The instance is gone at once. */
  KILL {
    @Override
    void strike(ChaosCluster cluster, String instance) throws InterruptedException {
      cluster.process(instance).kill();
    }

    @Override
    void repair(ChaosCluster cluster, String instance) {
      cluster.start(instance);
    }
  },
  /** The instance is asked to stop. */
  TERMINATE {
    @Override
    void strike(ChaosCluster cluster, String instance) throws InterruptedException {
      if (!cluster.process(instance).terminate()) {
        throw new IllegalStateException(instance + " did not stop when asked to");
      }
    }

    @Override
    void repair(ChaosCluster cluster, String instance) {
      cluster.start(instance);
    }
  },
  /** The instance hangs beyond its session timeout and then goes on as if nothing had happened. */
  PAUSE {
    @Override
    void strike(ChaosCluster cluster, String instance) throws InterruptedException {
      cluster.process(instance).pause();
      Thread.sleep(ChaosCluster.SESSION_TIMEOUT.plusSeconds(2).toMillis());
    }

    @Override
    void repair(ChaosCluster cluster, String instance) throws InterruptedException {
      cluster.process(instance).resume();
    }
  },
  /** The broker is killed and starts again. */
  BROKER_RESTART {
    @Override
    void strike(ChaosCluster cluster, String instance) throws InterruptedException {
      cluster.restartBroker();
    }
  },
  /** The instance comes back without its local state. */
  STATE_WIPED {
    @Override
    void strike(ChaosCluster cluster, String instance) throws InterruptedException {
      cluster.process(instance).kill();
      cluster.wipeState(instance);
    }

    @Override
    void repair(ChaosCluster cluster, String instance) {
      cluster.start(instance);
    }
  },
  /** The instance was stopped in order and comes back to damaged table files. */
  STATE_CORRUPTED {
    @Override
    void strike(ChaosCluster cluster, String instance) throws InterruptedException {
      cluster.process(instance).terminate();
      cluster.corruptState(instance);
      cluster.start(instance);
    }
  },
  /** The instance was stopped in order and comes back to pages that only their checksum betrays. */
  PAGE_CORRUPTED {
    @Override
    void strike(ChaosCluster cluster, String instance) throws InterruptedException {
      cluster.process(instance).terminate();
      cluster.damagePages(instance);
      cluster.start(instance);
    }
  },
  /** Nobody can look up a schema while an instance starts. */
  REGISTRY_OUTAGE {
    @Override
    void strike(ChaosCluster cluster, String instance) throws InterruptedException {
      cluster.registry().kill();
      cluster.process(instance).kill();
      cluster.start(instance);
    }

    @Override
    void repair(ChaosCluster cluster, String instance) throws InterruptedException {
      cluster.startRegistry();
    }
  };

  /** Does the harm. */
  abstract void strike(ChaosCluster cluster, String instance) throws InterruptedException;

  /** Ends it, unless what was struck is up again by itself. */
  void repair(ChaosCluster cluster, String instance) throws InterruptedException {}

  /** As users write it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether the instance dies without a word and stays away until it is repaired. */
  boolean kills() {
    return this == KILL || this == STATE_WIPED;
  }

  /** What stays down until it is repaired, or null. */
  String down(String instance) {
    return switch (this) {
      case KILL, TERMINATE, STATE_WIPED -> instance;
      case REGISTRY_OUTAGE -> "registry";
      default -> null;
    };
  }
}
