// The unmodified client of elizaOS 1.x against a real host: client.mjs PACKAGE URL KEY. Prints what it made as JSON.
// The scripted model answers `heard: ` and what it was asked.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, baseUrl, apiKey] = process.argv.slice(2);
const { ElizaClient, ApiError } = await import(pathToFileURL(join(folder, 'dist', 'index.js')));
const client = ElizaClient.create({ baseUrl, apiKey });
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const person = '123e4567-e89b-42d3-a456-426614174000';
const nobody = 'ffffffff-ffff-4fff-8fff-ffffffffffff';

/** What the client throws. */
async function refused(status, code, message, call) {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof ApiError, String(error));
    assert.deepEqual([error.status, error.code], [status, code], error.message);
    assert.match(error.message, message);
    return true;
  });
}

// Agents.
const first = (await client.agents.listAgents()).agents;
assert.deepEqual(first.map(({ name, status }) => [name, status]), [['manager', 'active']]);
const characterJson = { name: 'Bee Keeper', bio: ['Keeps bees.', 'Sells honey.'], system: 'Speak of bees.', topics: ['bees'] };
const made = await client.agents.createAgent({ characterJson });
assert.match(made.id, UUID);
assert.deepEqual([made.character.name, made.character.topics], ['Bee Keeper', ['bees']]);
const agent = made.id;
const given = await client.agents.createAgent({ agent: { id: '0e0e0e0e-0e0e-4e0e-8e0e-0e0e0e0e0e0e', name: 'Given', bio: 'One text.' } });
assert.equal(given.id, '0e0e0e0e-0e0e-4e0e-8e0e-0e0e0e0e0e0e');
await refused(409, 'CONFLICT', /exists already/, () => client.agents.createAgent({ agent: { id: given.id, name: 'Other' } }));
await refused(400, 'VALIDATION_ERROR', /characterPath is not read/, () => client.agents.createAgent({ characterPath: '/etc/passwd' }));
await refused(400, 'VALIDATION_ERROR', /characterJson is missing/, () => client.agents.createAgent({}));
await refused(400, 'VALIDATION_ERROR', /secrets/, () => client.agents.createAgent({ characterJson: { name: 'A', settings: { secrets: { K: 'v' } } } }));
const listed = (await client.agents.listAgents()).agents;
assert.deepEqual(listed.map(({ name, characterName, bio, status }) => [name, characterName, bio, status]), [
  ['manager', 'manager', '', 'active'],
  ['Bee Keeper', 'Bee Keeper', 'Keeps bees.', 'inactive'],
  ['Given', 'Given', 'One text.', 'inactive'],
]);
assert.equal(listed[1].id, agent);
const got = await client.agents.getAgent(agent);
assert.deepEqual([got.id, got.name, got.bio, got.status, got.enabled], [agent, 'Bee Keeper', characterJson.bio, 'inactive', true]);
assert.match(got.createdAt, TIME);
const updated = await client.agents.updateAgent(agent, { bio: ['Keeps many bees.'], metadata: { hives: 7 } });
assert.deepEqual([updated.bio, updated.metadata, updated.system], [['Keeps many bees.'], { hives: 7 }, 'Speak of bees.']);
assert.deepEqual((await client.agents.getAgent(agent)).metadata, { hives: 7 });
// An empty body with a JSON type.
for (let time = 0; time < 2; time += 1) {
  const started = await client.agents.startAgent(agent);
  assert.deepEqual([started.id, started.agentId, started.name, started.status, started.enableAutonomy], [agent, agent, 'Bee Keeper', 'active', false]);
  assert.equal(typeof started.startedAt, 'number');
}
assert.equal((await client.agents.getAgent(agent)).status, 'active');
assert.deepEqual(await client.agents.getAgentPanels(agent), {
  panels: [{ id: 'API reference-0', name: 'API reference', url: '/docs', type: 'plugin' }],
});
assert.equal((await fetch(`${baseUrl}/docs`)).status, 200);

// Sessions.
const session = await client.sessions.createSession({ agentId: agent, userId: person, metadata: { platform: 'test' } });
assert.deepEqual([session.agentId, session.userId, session.metadata], [agent, person, { platform: 'test' }]);
assert.match(session.sessionId, UUID);
assert.match(session.channelId, UUID);
assert.equal(new Date(session.expiresAt) - new Date(session.createdAt), 30 * 60_000);
assert.deepEqual(session.timeoutConfig, { timeoutMinutes: 30, autoRenew: true, maxDurationMinutes: 720, warningThresholdMinutes: 5 });
const other = await client.sessions.createSession({ agentId: agent, userId: person, timeoutConfig: { timeoutMinutes: 1 } });
assert.equal(other.timeoutConfig.timeoutMinutes, 5);
const sent = await client.sessions.sendMessageSync(session.sessionId, { content: 'How many hives?', metadata: { priority: 'high' } });
assert.equal(sent.agentResponse.text, 'heard: How many hives?');
assert.deepEqual([sent.success, sent.userMessage.content, sent.userMessage.authorId, sent.userMessage.metadata], [true, 'How many hives?', person, { priority: 'high' }]);
assert.deepEqual([sent.sessionStatus.renewalCount, sent.sessionStatus.wasRenewed, sent.sessionStatus.isNearExpiration], [1, true, false]);
// Without a transport the answer comes later.
const later = await client.sessions.sendMessage(session.sessionId, { content: 'And honey?' });
assert.equal(later.agentResponse, undefined);
let messages;
do {
  messages = await client.sessions.getMessages(session.sessionId, { limit: 10 });
} while (messages.messages.length < 4);
assert.deepEqual(messages.messages.map(({ content, isAgent, authorId }) => [content, isAgent, authorId]), [
  ['heard: And honey?', true, agent],
  ['And honey?', false, person],
  ['heard: How many hives?', true, agent],
  ['How many hives?', false, person],
]);
assert.equal(messages.hasMore, false);
assert.equal(messages.messages[1].id, later.userMessage.id);
const page = await client.sessions.getMessages(session.sessionId, { limit: 1, before: messages.messages[0].createdAt });
assert.deepEqual([page.messages[0].content, page.hasMore], ['And honey?', true]);
const newer = await client.sessions.getMessages(session.sessionId, { after: messages.messages[1].createdAt });
assert.deepEqual(newer.messages.map(({ content }) => content), ['heard: And honey?']);
const info = await client.sessions.getSession(session.sessionId);
assert.deepEqual([info.sessionId, info.channelId, info.renewalCount, info.isNearExpiration], [session.sessionId, session.channelId, 2, false]);
assert.deepEqual((await client.sessions.checkHealth()).activeSessions, 2);
const sessions = await client.sessions.listSessions();
assert.equal(sessions.total, 2);
assert.deepEqual(new Set(sessions.sessions.map(({ sessionId }) => sessionId)), new Set([session.sessionId, other.sessionId]));
const gone = await client.sessions.deleteSession(other.sessionId);
assert.deepEqual(gone, { success: true, message: `Session ${other.sessionId} deleted successfully` });
await refused(404, 'SESSION_NOT_FOUND', /not found/, () => client.sessions.getSession(other.sessionId));
await refused(400, 'INVALID_ID', /must be a UUID/, () => client.sessions.getSession('abc'));
await refused(404, 'AGENT_NOT_FOUND', /not found/, () => client.sessions.createSession({ agentId: nobody, userId: person }));
await refused(400, 'INVALID_ID', /userId must be a UUID/, () => client.sessions.createSession({ agentId: agent, userId: 'me' }));
await refused(400, 'VALIDATION_ERROR', /agentId is missing/, () => client.sessions.createSession({ userId: person }));
await refused(400, 'VALIDATION_ERROR', /transport must be one of/, () => client.sessions.sendMessage(session.sessionId, { content: 'x', transport: 'pigeon' }));

// The same as events.
const stream = await fetch(`${baseUrl}/api/messaging/sessions/${session.sessionId}/messages`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', 'X-API-KEY': apiKey },
  body: JSON.stringify({ content: 'And wax?', transport: 'sse' }),
});
assert.equal(stream.headers.get('content-type'), 'text/event-stream');
const events = (await stream.text()).split('\n\n').filter((event) => event.startsWith('id: ')).map((event) => {
  const [id, name, data] = event.split('\n').map((line) => line.slice(line.indexOf(': ') + 2));
  return { id, name, data: JSON.parse(data) };
});
assert.deepEqual([events[0].name, events[0].data.content], ['user_message', 'And wax?']);
const chunks = events.slice(1, -1);
assert.ok(chunks.length > 0 && chunks.every(({ name, data }, index) => name === 'chunk' && data.index === index));
assert.equal(chunks.map(({ data }) => data.chunk).join(''), 'heard: And wax?');
assert.deepEqual([events.at(-1).name, events.at(-1).data], ['done', { text: 'heard: And wax?' }]);

// Jobs.
assert.equal(await client.jobs.ask(person, 'What do bees eat?', agent), 'heard: What do bees eat?');
const job = await client.jobs.create({ userId: person, content: 'And drink?', agentId: agent, metadata: { n: 1 } });
assert.deepEqual([job.status, job.expiresAt - job.createdAt], ['pending', 30_000]);
const polled = await client.jobs.poll(job.jobId, { interval: 100, maxAttempts: 100 });
assert.equal(polled.success, true);
assert.deepEqual([polled.job.prompt, polled.job.agentId, polled.job.userId, polled.job.metadata], ['And drink?', agent, person, { n: 1 }]);
assert.equal(polled.job.result.message.content, 'heard: And drink?');
assert.equal(polled.job.result.message.authorId, agent);
assert.match(polled.job.result.message.id, UUID);
assert.ok(polled.job.result.processingTimeMs >= 0);
// Without an agent the default one answers.
assert.equal(await client.jobs.ask(person, 'Who is there?'), 'heard: Who is there?');
const jobs = await client.jobs.list({ status: 'completed', limit: 2 });
assert.deepEqual([jobs.total, jobs.filtered, jobs.jobs[0].agentId], [3, 2, first[0].id]);
const jobHealth = await client.jobs.health();
assert.deepEqual([jobHealth.healthy, jobHealth.totalJobs, jobHealth.statusCounts.completed, jobHealth.metrics.successRate], [true, 3, 3, 1]);
await refused(404, 'NOT_FOUND', /Job not found/, () => client.jobs.getJob(nobody));
await refused(400, 'INVALID_ID', /UUID/, () => client.jobs.getJob('abc'));
await refused(404, 'AGENT_NOT_FOUND', /not found/, () => client.jobs.create({ userId: person, content: 'x', agentId: nobody }));

// Runs: three turns in the session, two jobs.
const runs = await client.runs.listRuns(agent, { limit: 4 });
assert.deepEqual([runs.total, runs.runs.length, runs.hasMore], [5, 4, true]);
assert.ok(runs.runs.every(({ runId, status, durationMs }) => UUID.test(runId) && status === 'completed' && durationMs >= 0));
assert.deepEqual(runs.runs[0].counts, { actions: 0, modelCalls: 1, errors: 0, evaluators: 0 });
const inRoom = await client.runs.listRuns(agent, { roomId: session.channelId, status: 'completed' });
assert.equal(inRoom.total, 3);
assert.equal(inRoom.runs[1].messageId, later.userMessage.id);
assert.equal(inRoom.runs[1].entityId, person);
assert.equal((await client.runs.listRuns(agent, { status: 'error' })).total, 0);
const run = await client.runs.getRun(agent, inRoom.runs[0].runId, session.channelId);
assert.deepEqual(run.summary, inRoom.runs[0]);
assert.deepEqual(run.events.map(({ type }) => type), ['RUN_STARTED', 'MODEL_USED', 'RUN_ENDED']);
await refused(404, 'NOT_FOUND', /Run not found/, () => client.runs.getRun(agent, nobody));
await refused(400, 'INVALID_ID', /Invalid agent or run ID/, () => client.runs.getRun(agent, 'abc'));

// Logs: the host says that it was started.
const logs = await client.agents.getAgentLogs(agent, { level: 'info' });
assert.ok(logs.length > 0 && logs.every((line) => UUID.test(line.id) && line.agentId === agent && line.level !== 'debug'));
assert.deepEqual(logs.filter(({ message }) => message === 'the agent was started').length, 1);
assert.deepEqual(await client.agents.getAgentLogs(agent, { search: 'no line has this' }), []);
await refused(400, 'VALIDATION_ERROR', /level must be one of/, () => client.agents.getAgentLogs(agent, { level: 'loud' }));

// Memories: what was said, both ways.
const memories = (await client.memory.getAgentMemories(agent, { limit: 200 })).memories;
assert.equal(memories.length, 10);
assert.ok(memories.every((memory) => memory.agentId === agent && memory.type === 'messages' && TIME.test(memory.createdAt)));
const asked = (await client.memory.getAgentMemories(agent, { search: 'many HIVES' })).memories;
assert.deepEqual(asked.map(({ content, entityId, roomId }) => [content.text, entityId, roomId]), [
  ['heard: How many hives?', agent, session.channelId],
  ['How many hives?', person, session.channelId],
]);

// Message servers and the server itself.
const { messageServers } = await client.messaging.listMessageServers();
assert.equal(messageServers.length, 1);
assert.deepEqual([messageServers[0].id, messageServers[0].metadata], ['00000000-0000-0000-0000-000000000000', { agents: 3, activeAgents: 2 }]);
const health = await client.server.checkHealth();
assert.deepEqual([health.status, health.dependencies], ['OK', { agents: 'healthy' }]);
const ping = await client.server.ping();
assert.ok(ping.pong && Math.abs(Date.now() - ping.timestamp) < 60_000);
assert.equal((await client.server.hello()).message, 'Hello World!');
const status = await client.server.getStatus();
assert.deepEqual([status.agentCount, status.agents, status.version], [2, { total: 3, active: 2, inactive: 1 }, health.version]);

// Errors.
await refused(400, 'INVALID_ID', /Invalid agent ID format/, () => client.agents.getAgent('abc'));
await refused(404, 'NOT_FOUND', /Agent not found/, () => client.agents.getAgent(nobody));
await refused(404, 'NOT_FOUND', /Agent not found/, () => client.agents.startAgent(nobody));
await refused(401, 'UNAUTHORIZED', /./, () => ElizaClient.create({ baseUrl, apiKey: 'wrong' }).agents.listAgents());
// What is not served says so in the same words.
await refused(404, 'NOT_FOUND', /./, () => client.messaging.getMessage(nobody));
await refused(404, 'NOT_FOUND', /./, () => client.memory.listAgentRooms(agent));
await refused(404, 'NOT_FOUND', /./, () => client.system.getEnvironment());

// Stop and delete.
assert.deepEqual(await client.agents.stopAgent(agent), { message: 'Agent stopped' });
await refused(404, 'NOT_FOUND', /not running/, () => client.agents.stopAgent(agent));
await refused(409, 'CONFLICT', /not running/, () => client.sessions.sendMessageSync(session.sessionId, { content: 'x' }));
assert.deepEqual(await client.agents.deleteAgent(given.id), { success: true });
await refused(404, 'NOT_FOUND', /Agent not found/, () => client.agents.getAgent(given.id));
await refused(409, 'CONFLICT', /default agent/, () => client.agents.deleteAgent(first[0].id));
await client.agents.stopAgent(first[0].id);
// No agent that runs: the client sees a server that is not well.
await assert.rejects(() => client.server.checkHealth(), { status: 503 });
await refused(404, 'AGENT_NOT_FOUND', /No agents available/, () => client.jobs.create({ userId: person, content: 'x' }));
await client.agents.startAgent(first[0].id);

console.log(JSON.stringify({ agent, session: session.sessionId, job: job.jobId, run: inRoom.runs[0].runId }));
