import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AddOffsetsToTxnResponseData;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData.AddPartitionsToTxnPartitionResult;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData.AddPartitionsToTxnPartitionResultCollection;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData.AddPartitionsToTxnTopicResult;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData.AddPartitionsToTxnTopicResultCollection;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersionCollection;
import org.apache.kafka.common.message.ApiVersionsResponseData.FinalizedFeatureKey;
import org.apache.kafka.common.message.ApiVersionsResponseData.FinalizedFeatureKeyCollection;
import org.apache.kafka.common.message.ApiVersionsResponseData.SupportedFeatureKey;
import org.apache.kafka.common.message.ApiVersionsResponseData.SupportedFeatureKeyCollection;
import org.apache.kafka.common.message.DescribeTransactionsResponseData;
import org.apache.kafka.common.message.DescribeTransactionsResponseData.TopicData;
import org.apache.kafka.common.message.DescribeTransactionsResponseData.TopicDataCollection;
import org.apache.kafka.common.message.DescribeTransactionsResponseData.TransactionState;
import org.apache.kafka.common.message.EndTxnResponseData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.FindCoordinatorResponseData.Coordinator;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseBroker;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseBrokerCollection;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponsePartition;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopic;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopicCollection;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.BatchIndexAndErrorMessage;
import org.apache.kafka.common.message.ProduceResponseData.LeaderIdAndEpoch;
import org.apache.kafka.common.message.ProduceResponseData.NodeEndpoint;
import org.apache.kafka.common.message.ProduceResponseData.NodeEndpointCollection;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.message.ProduceResponseData.TopicProduceResponse;
import org.apache.kafka.common.message.ProduceResponseData.TopicProduceResponseCollection;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData.TxnOffsetCommitResponsePartition;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData.TxnOffsetCommitResponseTopic;

/** The responses; tests/unit/test_responses.c prints what it decodes in the words of Kafka's classes. */
final class Responses {
  /** Many elements as small as they can be: a decoder that thinks them larger refuses the array. */
  private static <T> List<T> many(Supplier<T> make) {
    return Stream.generate(make).limit(24).toList();
  }

  static void apiVersions(Golden golden) {
    golden.response("empty", 0, 5, v -> new ApiVersionsResponseData());
    golden.response("small", 0, 5, v -> new ApiVersionsResponseData().setApiKeys(
        new ApiVersionCollection(many(ApiVersion::new).iterator())));
    golden.response("keys", 0, 5, v -> keys(v, v < 4 ? 10 : 130));
    golden.response("features", 3, 5, v -> features(v));
    golden.response("rebootstrap", 5, 5, v -> new ApiVersionsResponseData().setErrorCode((short) 129));
    golden.response("tagged", 3, 5, v -> Golden.tagged(features(v)));
  }

  private static ApiVersionsResponseData keys(int version, int count) {
    ApiVersionCollection keys = new ApiVersionCollection();
    for (int key = 0; key < count; key++) {
      keys.add(new ApiVersion().setApiKey((short) key).setMinVersion((short) 1).setMaxVersion((short) (key + 5)));
    }
    return new ApiVersionsResponseData().setApiKeys(keys).setThrottleTimeMs(version < 1 ? 0 : 250);
  }

  private static ApiVersionsResponseData features(int version) {
    SupportedFeatureKeyCollection supported = new SupportedFeatureKeyCollection();
    FinalizedFeatureKeyCollection finalized = new FinalizedFeatureKeyCollection();
    for (String name : new String[] {"metadata.version", "transaction.version"}) {
      supported.add(Golden.tagged(new SupportedFeatureKey().setName(name).setMinVersion((short) (version > 3 ? 0 : 1))
          .setMaxVersion((short) 7)));
      finalized.add(Golden.tagged(new FinalizedFeatureKey().setName(name).setMinVersionLevel((short) 1)
          .setMaxVersionLevel((short) 2)));
    }
    return keys(version, 2).setSupportedFeatures(supported).setFinalizedFeatures(finalized)
        .setFinalizedFeaturesEpoch(1L << 33).setZkMigrationReady(true);
  }

  static void metadata(Golden golden) {
    golden.response("empty", 0, 13, v -> new MetadataResponseData());
    golden.response("full", 0, 13, v -> full(v));
    golden.response("rebootstrap", 13, 13, v -> new MetadataResponseData().setErrorCode((short) 129));
    golden.response("unknown_id", 12, 13, v -> new MetadataResponseData().setTopics(topics(
        new MetadataResponseTopic().setErrorCode((short) 100).setName(null).setTopicId(Requests.ID_B))));
    golden.response("small_brokers", 0, 13, v -> new MetadataResponseData().setBrokers(
        new MetadataResponseBrokerCollection(many(MetadataResponseBroker::new).iterator())));
    golden.response("small_topics", 0, 13, v -> new MetadataResponseData().setTopics(
        new MetadataResponseTopicCollection(many(() -> new MetadataResponseTopic().setName("")).iterator())));
    golden.response("small_partitions", 0, 13, v -> new MetadataResponseData().setTopics(topics(
        new MetadataResponseTopic().setName("").setPartitions(many(MetadataResponsePartition::new)))));
    golden.response("tagged", 9, 13, v -> {
      MetadataResponseData data = full(v);
      data.brokers().forEach(Golden::tagged);
      data.topics().forEach(topic -> topic.partitions().forEach(Golden::tagged));
      data.topics().forEach(Golden::tagged);
      return Golden.tagged(data);
    });
  }

  private static MetadataResponseTopicCollection topics(MetadataResponseTopic... topics) {
    return new MetadataResponseTopicCollection(List.of(topics).iterator());
  }

  private static MetadataResponseData full(int version) {
    MetadataResponseBrokerCollection brokers = new MetadataResponseBrokerCollection();
    brokers.add(new MetadataResponseBroker().setNodeId(1).setHost("one.example").setPort(9092)
        .setRack(version < 1 ? null : "r1"));
    brokers.add(new MetadataResponseBroker().setNodeId(2).setHost("::1").setPort(65535).setRack(null));
    MetadataResponsePartition first = new MetadataResponsePartition().setPartitionIndex(0).setLeaderId(1)
        .setLeaderEpoch(version < 7 ? -1 : 12).setReplicaNodes(List.of(1, 2, 3)).setIsrNodes(List.of(1))
        .setOfflineReplicas(version < 5 ? List.of() : List.of(3));
    MetadataResponsePartition second = new MetadataResponsePartition().setErrorCode((short) 5).setPartitionIndex(1)
        .setLeaderId(-1);
    MetadataResponseTopic orders = new MetadataResponseTopic().setName("orders").setPartitions(List.of(first, second))
        .setTopicId(version < 10 ? Uuid.ZERO_UUID : Requests.ID_A);
    MetadataResponseTopic missing = new MetadataResponseTopic().setErrorCode((short) 3).setName("missing")
        .setIsInternal(version >= 1);
    return new MetadataResponseData().setThrottleTimeMs(version < 3 ? 0 : 7).setBrokers(brokers)
        .setClusterId(version < 2 ? null : "cluster-1").setControllerId(version < 1 ? -1 : 2)
        .setTopics(topics(orders, missing));
  }

  static void findCoordinator(Golden golden) {
    golden.response("found", 0, 6, v -> found(v, 0, null));
    golden.response("error", 0, 6, v -> found(v, 15, "not available"));
    golden.response("none", 4, 6, v -> new FindCoordinatorResponseData());
    golden.response("small", 4, 6, v -> new FindCoordinatorResponseData().setCoordinators(
        many(() -> new Coordinator().setErrorMessage(null))));
    golden.response("tagged", 4, 6, v -> {
      FindCoordinatorResponseData data = found(v, 0, null);
      data.coordinators().forEach(Golden::tagged);
      return Golden.tagged(data);
    });
  }

  private static FindCoordinatorResponseData found(int version, int error, String message) {
    FindCoordinatorResponseData data = new FindCoordinatorResponseData().setThrottleTimeMs(version < 1 ? 0 : 3);
    if (version >= 4) {
      return data.setCoordinators(List.of(new Coordinator().setKey("txn-1").setNodeId(3).setHost("three")
          .setPort(9094).setErrorCode((short) error).setErrorMessage(message)));
    }
    return data.setErrorCode((short) error).setErrorMessage(version < 1 ? null : message).setNodeId(3)
        .setHost("three").setPort(9094);
  }

  static void initProducerId(Golden golden) {
    golden.response("plain", 0, 5, v -> identity());
    golden.response("error", 0, 5, v -> new InitProducerIdResponseData().setErrorCode((short) 51)
        .setProducerEpoch((short) -1));
    golden.response("tagged", 2, 5, v -> Golden.tagged(identity()));
  }

  private static InitProducerIdResponseData identity() {
    return new InitProducerIdResponseData().setThrottleTimeMs(100).setProducerId(4000L).setProducerEpoch((short) 3);
  }

  static void addPartitions(Golden golden) {
    golden.response("plain", 0, 3, v -> added(false));
    golden.response("none", 0, 3, v -> new AddPartitionsToTxnResponseData().setThrottleTimeMs(1));
    golden.response("small_topics", 0, 3, v -> added(many(AddPartitionsToTxnTopicResult::new)));
    golden.response("small_partitions", 0, 3, v -> added(List.of(new AddPartitionsToTxnTopicResult()
        .setResultsByPartition(new AddPartitionsToTxnPartitionResultCollection(
            many(AddPartitionsToTxnPartitionResult::new).iterator())))));
    golden.response("tagged", 3, 3, v -> Golden.tagged(added(true)));
  }

  private static AddPartitionsToTxnResponseData added(List<AddPartitionsToTxnTopicResult> topics) {
    return new AddPartitionsToTxnResponseData().setResultsByTopicV3AndBelow(
        new AddPartitionsToTxnTopicResultCollection(topics.iterator()));
  }

  private static AddPartitionsToTxnResponseData added(boolean tagged) {
    AddPartitionsToTxnTopicResultCollection topics = new AddPartitionsToTxnTopicResultCollection();
    for (String name : new String[] {"orders", "payments"}) {
      AddPartitionsToTxnPartitionResultCollection partitions = new AddPartitionsToTxnPartitionResultCollection();
      for (int index = 0; index < 3; index++) {
        partitions.add(new AddPartitionsToTxnPartitionResult().setPartitionIndex(index)
            .setPartitionErrorCode((short) (index * 29)));
      }
      topics.add(new AddPartitionsToTxnTopicResult().setName(name).setResultsByPartition(partitions));
    }
    if (tagged) {
      topics.forEach(topic -> topic.resultsByPartition().forEach(Golden::tagged));
      topics.forEach(Golden::tagged);
    }
    return new AddPartitionsToTxnResponseData().setResultsByTopicV3AndBelow(topics);
  }

  static void addOffsets(Golden golden) {
    golden.response("plain", 0, 4, v -> new AddOffsetsToTxnResponseData());
    golden.response("error", 0, 4, v -> new AddOffsetsToTxnResponseData().setThrottleTimeMs(5).setErrorCode((short) -1));
    golden.response("tagged", 3, 4, v -> Golden.tagged(new AddOffsetsToTxnResponseData().setErrorCode((short) 47)));
  }

  static void txnOffsetCommit(Golden golden) {
    golden.response("plain", 0, 6, v -> committed(v));
    golden.response("none", 0, 6, v -> new TxnOffsetCommitResponseData().setThrottleTimeMs(9));
    golden.response("small_topics", 0, 6, v -> new TxnOffsetCommitResponseData().setTopics(
        many(TxnOffsetCommitResponseTopic::new)));
    golden.response("small_partitions", 0, 6, v -> new TxnOffsetCommitResponseData().setTopics(List.of(
        new TxnOffsetCommitResponseTopic().setPartitions(many(TxnOffsetCommitResponsePartition::new)))));
    golden.response("tagged", 3, 6, v -> {
      TxnOffsetCommitResponseData data = committed(v);
      data.topics().forEach(topic -> topic.partitions().forEach(Golden::tagged));
      data.topics().forEach(Golden::tagged);
      return Golden.tagged(data);
    });
  }

  private static TxnOffsetCommitResponseData committed(int version) {
    List<TxnOffsetCommitResponsePartition> partitions = List.of(
        new TxnOffsetCommitResponsePartition().setPartitionIndex(0),
        new TxnOffsetCommitResponsePartition().setPartitionIndex(7).setErrorCode((short) 22));
    TxnOffsetCommitResponseTopic first = new TxnOffsetCommitResponseTopic().setPartitions(partitions);
    TxnOffsetCommitResponseTopic second = new TxnOffsetCommitResponseTopic();
    if (version < 6) {
      return new TxnOffsetCommitResponseData().setTopics(List.of(first.setName("orders"), second.setName("other")));
    }
    return new TxnOffsetCommitResponseData().setTopics(
        List.of(first.setTopicId(Requests.ID_A), second.setTopicId(Requests.ID_B)));
  }

  static void endTxn(Golden golden) {
    golden.response("plain", 0, 5, v -> ended(v));
    golden.response("error", 0, 5, v -> new EndTxnResponseData().setErrorCode((short) 90).setThrottleTimeMs(77));
    golden.response("tagged", 3, 5, v -> Golden.tagged(ended(v)));
  }

  private static EndTxnResponseData ended(int version) {
    EndTxnResponseData data = new EndTxnResponseData();
    return version < 5 ? data : data.setProducerId(4000L).setProducerEpoch((short) 4);
  }

  static void produce(Golden golden) {
    golden.response("plain", 3, 13, v -> produced(v, false));
    golden.response("none", 3, 13, v -> new ProduceResponseData().setThrottleTimeMs(1000));
    golden.response("small_topics", 3, 13, v -> new ProduceResponseData().setResponses(
        new TopicProduceResponseCollection(many(TopicProduceResponse::new).iterator())));
    golden.response("small_partitions", 3, 13, v -> produced(many(PartitionProduceResponse::new)));
    golden.response("small_errors", 8, 13, v -> produced(List.of(
        new PartitionProduceResponse().setRecordErrors(many(BatchIndexAndErrorMessage::new)))));
    golden.response("small_nodes", 10, 13, v -> new ProduceResponseData().setNodeEndpoints(
        new NodeEndpointCollection(many(NodeEndpoint::new).iterator())));
    golden.response("moved", 10, 13, v -> produced(v, true));
    golden.response("tagged", 9, 13, v -> {
      ProduceResponseData data = produced(v, v >= 10);
      data.responses().forEach(topic -> topic.partitionResponses().forEach(Golden::tagged));
      data.responses().forEach(Golden::tagged);
      data.nodeEndpoints().forEach(Golden::tagged);
      return Golden.tagged(data);
    });
  }

  private static ProduceResponseData produced(List<PartitionProduceResponse> partitions) {
    TopicProduceResponseCollection topics = new TopicProduceResponseCollection();
    topics.add(new TopicProduceResponse().setPartitionResponses(partitions));
    return new ProduceResponseData().setResponses(topics);
  }

  private static ProduceResponseData produced(int version, boolean moved) {
    PartitionProduceResponse good = new PartitionProduceResponse().setIndex(0).setBaseOffset(1L << 35)
        .setLogAppendTimeMs(1700000000000L).setLogStartOffset(version < 5 ? -1 : 12);
    PartitionProduceResponse bad = new PartitionProduceResponse().setIndex(1).setErrorCode((short) 87)
        .setBaseOffset(-1);
    if (version >= 8) {
      bad.setErrorMessage("bad record").setRecordErrors(List.of(
          new BatchIndexAndErrorMessage().setBatchIndex(3).setBatchIndexErrorMessage("no key"),
          new BatchIndexAndErrorMessage().setBatchIndex(4).setBatchIndexErrorMessage(null)));
    }
    PartitionProduceResponse gone = new PartitionProduceResponse().setIndex(2).setErrorCode((short) 6)
        .setBaseOffset(-1);
    ProduceResponseData data = new ProduceResponseData();
    if (moved) {
      gone.setCurrentLeader(new LeaderIdAndEpoch().setLeaderId(2).setLeaderEpoch(13));
      NodeEndpointCollection nodes = new NodeEndpointCollection();
      nodes.add(new NodeEndpoint().setNodeId(2).setHost("two.example").setPort(9093).setRack("r2"));
      nodes.add(new NodeEndpoint().setNodeId(3).setHost("three.example").setPort(9094).setRack(null));
      data.setNodeEndpoints(nodes);
    }
    TopicProduceResponse orders = new TopicProduceResponse().setPartitionResponses(List.of(good, bad, gone));
    TopicProduceResponse other = new TopicProduceResponse();
    TopicProduceResponseCollection topics = new TopicProduceResponseCollection();
    topics.add(version < 13 ? orders.setName("orders") : orders.setTopicId(Requests.ID_A));
    topics.add(version < 13 ? other.setName("other") : other.setTopicId(Requests.ID_B));
    return data.setResponses(topics);
  }

  static void describeTransactions(Golden golden) {
    golden.response("plain", 0, 0, v -> described(false));
    golden.response("none", 0, 0, v -> new DescribeTransactionsResponseData().setThrottleTimeMs(1));
    golden.response("small", 0, 0, v -> new DescribeTransactionsResponseData().setTransactionStates(
        many(TransactionState::new)));
    golden.response("small_topics", 0, 0, v -> new DescribeTransactionsResponseData().setTransactionStates(List.of(
        new TransactionState().setTopics(new TopicDataCollection(many(TopicData::new).iterator())))));
    golden.response("tagged", 0, 0, v -> Golden.tagged(described(true)));
  }

  private static DescribeTransactionsResponseData described(boolean tagged) {
    TopicDataCollection topics = new TopicDataCollection();
    topics.add(new TopicData().setTopic("orders").setPartitions(List.of(0, 1, 2)));
    topics.add(new TopicData().setTopic("other").setPartitions(List.of()));
    TransactionState open = new TransactionState().setTransactionalId("txn-1").setTransactionState("Ongoing")
        .setTransactionTimeoutMs(60000).setTransactionStartTimeMs(1700000000000L).setProducerId(4000L)
        .setProducerEpoch((short) 3).setTopics(topics);
    TransactionState missing = new TransactionState().setTransactionalId("txn-2").setErrorCode((short) 105);
    if (tagged) {
      topics.forEach(Golden::tagged);
      Golden.tagged(open);
    }
    return new DescribeTransactionsResponseData().setTransactionStates(List.of(open, missing));
  }

  private Responses() {}
}
