package io.heterospec.topology;

import static java.util.stream.Collectors.joining;

import io.heterospec.topology.contract.TopicDefinition;
import io.heterospec.topology.embedded.UnusableResourceException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates the topics that are missing; existing ones stay as they are, and where none is missing no
 * right to create is needed. Topics that one task reads together get the same number of partitions.
 */
public final class TopicCreator {
  private static final Logger LOG = LoggerFactory.getLogger(TopicCreator.class);
  private static final String TIMEOUT_MS = "10000";

  private TopicCreator() {}

  /**
   * Creates what the configuration needs.
   *
   * @throws UnusableResourceException when the cluster cannot be reached or refuses; where topics
   *     are missing and may not be created it names them
   */
  public static void ensure(HeteroSpecConfig config) {
    Properties properties = new Properties();
    properties.putAll(config.clientSettings());
    properties.put(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, TIMEOUT_MS);
    properties.put(CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG, TIMEOUT_MS);
    Object servers = config.originals().get(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG);
    try (Admin admin = Admin.create(properties)) {
      int brokers = admin.describeCluster().nodes().get().size();
      LOG.debug("the cluster has {} brokers", brokers);
      create(admin, config);
    } catch (ExecutionException e) {
      throw new UnusableResourceException(
          "the Kafka cluster at %s cannot be used: %s; start it or correct bootstrap.servers"
              .formatted(servers, e.getCause().getMessage()),
          e.getCause());
    } catch (ConfigException e) {
      throw new UnusableResourceException("bootstrap.servers: " + e.getMessage(), e);
    } catch (KafkaException e) {
      throw new UnusableResourceException(
          "the Kafka cluster at %s cannot be used: %s"
              .formatted(
                  servers, e.getCause() == null ? e.getMessage() : e.getCause().getMessage()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while creating topics", e);
    }
  }

  private static void create(Admin admin, HeteroSpecConfig config)
      throws InterruptedException, ExecutionException {
    List<NewTopic> refused = new ArrayList<>();
    AuthorizationException reason = null;
    for (NewTopic topic : missing(admin, topics(config))) {
      try {
        admin.createTopics(List.of(topic)).all().get();
        LOG.info("created topic {}", topic.name());
      } catch (ExecutionException e) {
        if (e.getCause() instanceof AuthorizationException unauthorized) {
          refused.add(topic);
          reason = unauthorized;
        } else if (!(e.getCause() instanceof TopicExistsException)) {
          throw e;
        }
      }
    }
    if (!refused.isEmpty()) {
      throw new UnusableResourceException(
          "topics are missing, or this user may not see them, and it may not create them either:"
              + " %s; create them with %d partitions each, or grant Describe on those that exist"
                  .formatted(
                      refused.stream().map(TopicCreator::described).collect(joining(", ")),
                      config.getInt(HeteroSpecConfig.PARTITIONS))
              + " and Create on those that do not",
          reason);
    }
  }

  // One that may not be described may be missing, too.
  private static List<NewTopic> missing(Admin admin, List<NewTopic> wanted)
      throws InterruptedException, ExecutionException {
    Map<String, KafkaFuture<TopicDescription>> found =
        admin.describeTopics(wanted.stream().map(NewTopic::name).toList()).topicNameValues();
    List<NewTopic> missing = new ArrayList<>();
    for (NewTopic topic : wanted) {
      try {
        found.get(topic.name()).get();
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)
            && !(e.getCause() instanceof AuthorizationException)) {
          throw e;
        }
        missing.add(topic);
      }
    }
    return missing;
  }

  private static String described(NewTopic topic) {
    return topic.name() + ' ' + new TreeMap<>(topic.configs());
  }

  private static List<NewTopic> topics(HeteroSpecConfig config) {
    Set<String> pools = new LinkedHashSet<>(config.routes().values());
    pools.add(config.pool());
    Optional<Integer> partitions = Optional.of(config.getInt(HeteroSpecConfig.PARTITIONS));
    short replication = config.getShort(HeteroSpecConfig.REPLICATION);
    Optional<Short> replicas = replication < 0 ? Optional.empty() : Optional.of(replication);
    return TopicDefinition.all(config.topics(), pools).stream()
        .map(
            topic ->
                new NewTopic(topic.name(), partitions, replicas).configs(settings(topic, config)))
        .toList();
  }

  private static Map<String, String> settings(TopicDefinition topic, HeteroSpecConfig config) {
    Map<String, String> settings = new HashMap<>();
    settings.put(TopicConfig.CLEANUP_POLICY_CONFIG, topic.cleanupPolicy());
    if (topic.name().equals(config.topics().deadLetters())) {
      settings.put(
          TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(config.deadLetterBytes()));
    }
    return settings;
  }
}
