import java.nio.ByteBuffer;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AddOffsetsToTxnRequestData;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTopic;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTopicCollection;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.DescribeTransactionsRequestData;
import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceDataCollection;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestPartition;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestTopic;
import org.apache.kafka.common.record.internal.MemoryRecords;

/** The requests; tests/unit/test_requests.c builds the same ones. */
final class Requests {
  static final Uuid ID_A = new Uuid(0x0102030405060708L, 0x090a0b0c0d0e0f10L);
  static final Uuid ID_B = new Uuid(-2L, -3L);
  static final String LONG = "x".repeat(200);

  static void apiVersions(Golden golden) {
    golden.request("plain", 0, 5, v -> software(v));
    golden.request("pinned", 5, 5, v -> software(v).setClusterId("kR2d-cluster").setNodeId(7));
  }

  private static ApiVersionsRequestData software(int version) {
    ApiVersionsRequestData data = new ApiVersionsRequestData();
    return version < 3 ? data : data.setClientSoftwareName("ktxn").setClientSoftwareVersion("0.1.0");
  }

  static void metadata(Golden golden) {
    golden.request("all", 0, 13, v -> new MetadataRequestData().setTopics(v == 0 ? List.of() : null));
    golden.request("none", 1, 13, v -> new MetadataRequestData().setTopics(List.of()));
    golden.request("names", 0, 13, v -> new MetadataRequestData().setAllowAutoTopicCreation(v < 4)
        .setTopics(List.of(topic("orders"), topic(""))));
    golden.request("ids", 12, 13, v -> new MetadataRequestData().setTopics(List.of(
        new MetadataRequestTopic().setName(null).setTopicId(ID_A), topic("orders"))));
  }

  private static MetadataRequestTopic topic(String name) {
    return new MetadataRequestTopic().setName(name);
  }

  static void findCoordinator(Golden golden) {
    golden.request("group", 0, 6, v -> coordinator(v, "group-1", 0));
    golden.request("transaction", 1, 6, v -> coordinator(v, "txn-1", 1));
    golden.request("empty", 0, 6, v -> coordinator(v, "", 0));
  }

  private static FindCoordinatorRequestData coordinator(int version, String key, int type) {
    FindCoordinatorRequestData data = new FindCoordinatorRequestData().setKeyType((byte) type);
    return version < 4 ? data.setKey(key) : data.setCoordinatorKeys(List.of(key));
  }

  static void initProducerId(Golden golden) {
    golden.request("idempotent", 0, 5, v -> new InitProducerIdRequestData().setTransactionalId(null)
        .setTransactionTimeoutMs(Integer.MAX_VALUE));
    golden.request("first", 0, 5, v -> new InitProducerIdRequestData().setTransactionalId("txn-1")
        .setTransactionTimeoutMs(60000));
    golden.request("bump", 3, 5, v -> new InitProducerIdRequestData().setTransactionalId(LONG)
        .setTransactionTimeoutMs(1).setProducerId(1234567890123L).setProducerEpoch((short) 32766));
  }

  static void addPartitions(Golden golden) {
    golden.request("two", 0, 3, v -> partitions(List.of(
        new AddPartitionsToTxnTopic().setName("orders").setPartitions(List.of(0, 1, 2147483647)),
        new AddPartitionsToTxnTopic().setName(LONG).setPartitions(List.of()))));
    golden.request("none", 0, 3, v -> partitions(List.of()));
  }

  private static AddPartitionsToTxnRequestData partitions(List<AddPartitionsToTxnTopic> topics) {
    return new AddPartitionsToTxnRequestData().setV3AndBelowTransactionalId("txn-1")
        .setV3AndBelowProducerId(4000L).setV3AndBelowProducerEpoch((short) 3)
        .setV3AndBelowTopics(new AddPartitionsToTxnTopicCollection(topics.iterator()));
  }

  static void addOffsets(Golden golden) {
    golden.request("plain", 0, 4, v -> new AddOffsetsToTxnRequestData().setTransactionalId("txn-1")
        .setProducerId(4000L).setProducerEpoch((short) 3).setGroupId("group-1"));
    golden.request("empty", 0, 4, v -> new AddOffsetsToTxnRequestData().setTransactionalId("")
        .setProducerId(-1L).setProducerEpoch((short) -1).setGroupId(""));
  }

  static void txnOffsetCommit(Golden golden) {
    golden.request("plain", 0, 6, v -> commit().setTopics(List.of(offsets(v, "orders", ID_A, List.of(
        new TxnOffsetCommitRequestPartition().setPartitionIndex(0).setCommittedOffset(42L).setCommittedMetadata(null)
            .setCommittedLeaderEpoch(v < 2 ? -1 : 9),
        new TxnOffsetCommitRequestPartition().setPartitionIndex(7).setCommittedOffset(1L << 40)
            .setCommittedMetadata("m"))), offsets(v, LONG, ID_B, List.of()))));
    golden.request("member", 3, 6, v -> commit().setGenerationIdOrMemberEpoch(5).setMemberId("member-1"));
    golden.request("instance", 3, 6, v -> commit().setGenerationIdOrMemberEpoch(5).setMemberId("member-1")
        .setGroupInstanceId("instance-1"));
  }

  private static TxnOffsetCommitRequestData commit() {
    return new TxnOffsetCommitRequestData().setTransactionalId("txn-1").setGroupId("group-1").setProducerId(4000L)
        .setProducerEpoch((short) 3);
  }

  private static TxnOffsetCommitRequestTopic offsets(int version, String name, Uuid id,
      List<TxnOffsetCommitRequestPartition> partitions) {
    TxnOffsetCommitRequestTopic topic = new TxnOffsetCommitRequestTopic().setPartitions(partitions);
    return version < 6 ? topic.setName(name) : topic.setTopicId(id);
  }

  static void endTxn(Golden golden) {
    golden.request("commit", 0, 5, v -> new EndTxnRequestData().setTransactionalId("txn-1").setProducerId(4000L)
        .setProducerEpoch((short) 3).setCommitted(true));
    golden.request("abort", 0, 5, v -> new EndTxnRequestData().setTransactionalId(LONG).setProducerId(Long.MAX_VALUE)
        .setProducerEpoch(Short.MAX_VALUE).setCommitted(false));
  }

  static void produce(Golden golden) {
    golden.request("plain", 3, 13, v -> produce(v, "txn-1", -1, List.of(
        records(v, "orders", ID_A, List.of(partition(0, new byte[200]), partition(5, new byte[] {1, 2, 3}))),
        records(v, LONG, ID_B, List.of()))));
    golden.request("idempotent", 3, 13, v -> produce(v, null, 1, List.of(
        records(v, "orders", ID_A, List.of(partition(0, new byte[0]))))));
    golden.request("none", 3, 13, v -> produce(v, "", 0, List.of()));
  }

  private static ProduceRequestData produce(int version, String id, int acks, List<TopicProduceData> topics) {
    return new ProduceRequestData().setTransactionalId(id).setAcks((short) acks).setTimeoutMs(30000)
        .setTopicData(new TopicProduceDataCollection(topics.iterator()));
  }

  private static TopicProduceData records(int version, String name, Uuid id, List<PartitionProduceData> partitions) {
    TopicProduceData topic = new TopicProduceData().setPartitionData(partitions);
    return version < 13 ? topic.setName(name) : topic.setTopicId(id);
  }

  private static PartitionProduceData partition(int index, byte[] records) {
    return new PartitionProduceData().setIndex(index)
        .setRecords(MemoryRecords.readableRecords(ByteBuffer.wrap(records)));
  }

  static void describeTransactions(Golden golden) {
    golden.request("one", 0, 0, v -> new DescribeTransactionsRequestData().setTransactionalIds(List.of("txn-1")));
    golden.request("two", 0, 0, v -> new DescribeTransactionsRequestData().setTransactionalIds(List.of("", LONG)));
    golden.request("none", 0, 0, v -> new DescribeTransactionsRequestData());
  }

  private Requests() {}
}
