package io.heterospec.topology.cli;

import io.heterospec.topology.HeteroSpecConfig;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.StreamsGroupDescription;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.utils.Utils;

/** The group of the processors as its coordinator describes it: who has which partitions. */
final class ChaosGroup implements AutoCloseable {
  private record Member(String clientId, Set<Integer> partitions) {}

  private final Admin admin;
  private final String group;
  private final boolean streams;
  private final int partitionCount;

  /**
   * @param protocol {@code classic} or {@code streams}
   * @param partitionCount of the topics that the group reads
   */
  ChaosGroup(HeteroSpecConfig config, String protocol, int partitionCount) {
    Properties properties = new Properties();
    properties.putAll(config.clientSettings());
    this.admin = Admin.create(properties);
    this.group = config.processorProperties().getProperty("application.id");
    this.streams = protocol.equals("streams");
    this.partitionCount = partitionCount;
  }

  /** Partitions an instance has; none where the coordinator does not answer. */
  Set<Integer> partitions(String instance) throws InterruptedException {
    return partitions(instance, true);
  }

  /** Partitions that the other instances have; none where the coordinator does not answer. */
  Set<Integer> partitionsOfOthers(String instance) throws InterruptedException {
    return partitions(instance, false);
  }

  private Set<Integer> partitions(String instance, boolean own) throws InterruptedException {
    // Kafka Streams appends the thread and what the client is for.
    String prefix = instance + '-';
    return members().stream()
        .filter(member -> member.clientId().startsWith(prefix) == own)
        .flatMap(member -> member.partitions().stream())
        .collect(Collectors.toSet());
  }

  /** The partition of a request: that of its key, as Kafka's producers choose it. */
  int partition(ChaosHistory.Published request) {
    String key = request.sessionId() == null ? request.requestId() : request.sessionId();
    return Utils.toPositive(Utils.murmur2(key.getBytes(StandardCharsets.UTF_8))) % partitionCount;
  }

  private List<Member> members() throws InterruptedException {
    try {
      return streams ? ofStreams() : ofClassic();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ApiException) {
        return List.of(); // the broker restarts, or the group does not exist yet
      }
      throw new IllegalStateException("the group cannot be described", e.getCause());
    }
  }

  private List<Member> ofClassic() throws InterruptedException, ExecutionException {
    ConsumerGroupDescription description =
        admin.describeConsumerGroups(List.of(group)).describedGroups().get(group).get();
    return description.members().stream()
        .map(
            member ->
                new Member(
                    member.clientId(),
                    member.assignment().topicPartitions().stream()
                        .map(each -> each.partition())
                        .collect(Collectors.toSet())))
        .toList();
  }

  private List<Member> ofStreams() throws InterruptedException, ExecutionException {
    StreamsGroupDescription description =
        admin.describeStreamsGroups(List.of(group)).describedGroups().get(group).get();
    return description.members().stream()
        .map(
            member -> {
              Set<Integer> partitions = new HashSet<>();
              member
                  .assignment()
                  .activeTasks()
                  .forEach(tasks -> partitions.addAll(tasks.partitions()));
              return new Member(member.clientId(), partitions);
            })
        .toList();
  }

  @Override
  public void close() {
    admin.close();
  }
}
