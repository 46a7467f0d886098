package io.heterospec.topology.embedded;

import io.heterospec.topology.embedded.RegistryEntry.Level;
import io.heterospec.topology.embedded.RegistryEntry.Version;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.apache.avro.Schema;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registry's state together with the topic it is kept in: every change is stored before it is
 * known. Safe for use by many threads; one call runs at a time.
 */
final class StoredRegistry implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(StoredRegistry.class);

  private final RegistryLog log;
  private RegistryState state;
  // A failed write may have reached the topic all the same: then only reading it again tells.
  private boolean inDoubt;

  private StoredRegistry(RegistryLog log) {
    this.log = log;
    this.state = log.load();
  }

  /** Reads the log and owns it from here on: closed with the registry, or when it is unreadable. */
  static StoredRegistry open(RegistryLog log) {
    try {
      return new StoredRegistry(log);
    } catch (RuntimeException e) {
      log.close();
      throw e;
    }
  }

  /** Answers a question about the state. */
  synchronized <R> R read(Function<RegistryState, R> question) {
    return question.apply(state);
  }

  /** Registers a schema, or finds it when it is there. */
  synchronized Version register(String subject, Schema schema) {
    settleDoubt();
    Version version = state.propose(subject, schema);
    if (!state.contains(version)) {
      write(version);
    }
    return version;
  }

  /** Sets a compatibility level. */
  synchronized void store(Level level) {
    settleDoubt();
    write(level);
  }

  @Override
  public void close() {
    log.close();
  }

  private void settleDoubt() {
    if (inDoubt) {
      state = log.load();
      inDoubt = false;
    }
  }

  private void write(RegistryEntry entry) {
    inDoubt = true;
    try {
      log.append(entry);
    } catch (ExecutionException | KafkaException e) {
      LOG.error("The broker did not store a change of the schema registry", e);
      throw RegistryError.notStored();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw RegistryError.notStored();
    }
    inDoubt = false;
    state.apply(entry);
  }
}
