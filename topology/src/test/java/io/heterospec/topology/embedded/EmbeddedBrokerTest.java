package io.heterospec.topology.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBrokerTest {

  private static final String TOPIC = "kept";

  @TempDir Path temp;

  @Test
  void shouldKeepItsDataOverARestart() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0, Map.of())) {
      assertThat(broker.bootstrapServers()).startsWith("127.0.0.1:");
      createTopic(broker);
      write(broker, "before");
    }
    try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0, Map.of())) {
      write(broker, "after");
      assertThat(readAll(broker, 2)).containsExactly("before", "after");
    }
  }

  @Test
  void shouldRefuseADirectoryInUseAndAPortInUseWithoutDisturbingTheFirst() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0, Map.of())) {
      assertThatThrownBy(() -> EmbeddedBroker.start(temp, 0, Map.of()))
          .isInstanceOf(UnusableResourceException.class)
          .hasMessageContaining("in use by another process");
      int port = Integer.parseInt(broker.bootstrapServers().split(":")[1]);
      assertThatThrownBy(() -> EmbeddedBroker.start(temp.resolve("other"), port, Map.of()))
          .isInstanceOf(UnusableResourceException.class)
          .hasMessageContaining("Port " + port);
      createTopic(broker);
      write(broker, "still up");
      assertThat(readAll(broker, 1)).containsExactly("still up");
    }
  }

  @Test
  void shouldFreeItsDirectoryWhenItDoesNotStart() throws Exception {
    assertThatThrownBy(() -> EmbeddedBroker.start(temp, 0, Map.of("num.io.threads", "many")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("num.io.threads");
    DataDirectory.lock(temp).close();
  }

  @Test
  void shouldTakeItsSettingsFromTheOverridesFirst() {
    Map<String, String> settings =
        BrokerSettings.of(temp, 1, 2, Map.of("offsets.topic.num.partitions", "7"));

    assertThat(settings)
        .containsEntry("offsets.topic.num.partitions", "7")
        .containsEntry("advertised.listeners", "PLAINTEXT://127.0.0.1:1")
        .containsEntry("controller.quorum.voters", "1@127.0.0.1:2");
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "elsewhere 127.0.0.2 must be set up first")
  void shouldNotListenBeyondTheLoopbackInterface() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0, Map.of())) {
      int port = Integer.parseInt(broker.bootstrapServers().split(":")[1]);
      // Another loopback address stands in for any other interface: it must still be free.
      try (ServerSocket other = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.2"))) {
        assertThat(other.isBound()).isTrue();
      }
    }
  }

  private static void createTopic(EmbeddedBroker broker) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      NewTopic topic = new NewTopic(TOPIC, Optional.of(1), Optional.empty());
      admin.createTopics(Set.of(topic)).all().get();
    }
  }

  private static void write(EmbeddedBroker broker, String value) throws Exception {
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", broker.bootstrapServers()),
            new StringSerializer(),
            new StringSerializer())) {
      producer.send(new ProducerRecord<>(TOPIC, value)).get();
    }
  }

  private static List<String> readAll(EmbeddedBroker broker, int count) {
    List<String> values = new ArrayList<>();
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", broker.bootstrapServers()),
            new StringDeserializer(),
            new StringDeserializer())) {
      TopicPartition partition = new TopicPartition(TOPIC, 0);
      consumer.assign(Set.of(partition));
      consumer.seekToBeginning(Set.of(partition));
      while (values.size() < count) {
        consumer.poll(Duration.ofSeconds(1)).forEach(stored -> values.add(stored.value()));
      }
    }
    return values;
  }
}
