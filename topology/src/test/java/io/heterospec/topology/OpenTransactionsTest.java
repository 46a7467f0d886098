package io.heterospec.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.topology.embedded.EmbeddedBroker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenTransactionsTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final String PROCESS = "-0e2bac57-50c9-4c04-bb0b-87c18e2cd7ba-1";

  @TempDir Path directory;

  private static KafkaProducer<String, String> open(EmbeddedBroker broker, String id, String topic)
      throws Exception {
    KafkaProducer<String, String> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", broker.bootstrapServers(), "transactional.id", id),
            new StringSerializer(),
            new StringSerializer());
    producer.initTransactions();
    producer.beginTransaction();
    producer.send(new ProducerRecord<>(topic, "text")).get();
    return producer;
  }

  // Where a reader of committed text gets to.
  private static long stable(Admin admin, String topic) throws Exception {
    TopicPartition partition = new TopicPartition(topic, 0);
    return admin
        .listOffsets(
            Map.of(partition, OffsetSpec.latest()),
            new ListOffsetsOptions(IsolationLevel.READ_COMMITTED))
        .partitionResult(partition)
        .get()
        .offset();
  }

  @Test
  void whatADeadInstanceLeftOpenIsEndedAndNothingElse() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0, Map.of());
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      admin
          .createTopics(
              List.of(new NewTopic("own", 1, (short) 1), new NewTopic("other", 1, (short) 1)))
          .all()
          .get();
      try (KafkaProducer<String, String> dead = open(broker, "app" + PROCESS, "own");
          KafkaProducer<String, String> other = open(broker, "app-2" + PROCESS, "other");
          OpenTransactions transactions =
              new OpenTransactions(
                  Map.of("bootstrap.servers", broker.bootstrapServers()),
                  "app",
                  Duration.ofMillis(1))) {
        assertThat(stable(admin, "own")).isZero();
        transactions.lookForAWhile();
        Awaitility.await()
            .atMost(LIMIT)
            .untilAsserted(() -> assertThat(stable(admin, "own")).isPositive());
        // An epoch behind it is told that its transaction is over, further behind that it is
        // fenced.
        assertThatThrownBy(dead::commitTransaction)
            .isInstanceOfAny(InvalidTxnStateException.class, ProducerFencedException.class);
        assertThat(stable(admin, "other")).isZero();
        other.commitTransaction();
      }
    }
  }
}
