BEGIN TRANSACTION;
CREATE TABLE about (
	name VARCHAR(20) NOT NULL, 
	value VARCHAR(100) NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "about" VALUES('version','1');
INSERT INTO "about" VALUES('server_key','d7e095f2c47c5c9c6257ab80b2c73751db329c51d2a37951698639eef25faacb');
CREATE TABLE actions (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	class_id INTEGER NOT NULL, 
	at DOUBLE NOT NULL, 
	sentence VARCHAR(700) NOT NULL, 
	"table" VARCHAR(40), 
	row_id INTEGER, 
	"before" JSON, 
	"after" JSON, 
	undone DOUBLE, 
	FOREIGN KEY(class_id) REFERENCES classes (id) ON DELETE CASCADE
);
INSERT INTO "actions" VALUES(1,1,1.79595782706281542782e+09,'Opened the class 8b, Tuesday.',NULL,NULL,'null','null',NULL);
INSERT INTO "actions" VALUES(2,1,1.79595782712395882606e+09,'Hid the name Mint elk.','members',2,'{"hidden": false}','{"hidden": true}',NULL);
INSERT INTO "actions" VALUES(3,1,1.79595782713049554818e+09,'Removed Mint elk.','members',2,'{"state": "here"}','{"state": "removed"}',NULL);
INSERT INTO "actions" VALUES(4,1,1.79595782713248801236e+09,'Sent everyone the message: Eyes on me','classes',1,'{"message": null, "message_at": null}','{"message": "Eyes on me", "message_at": 1795957827.1324763}',NULL);
INSERT INTO "actions" VALUES(5,2,1.7959578271429347992e+09,'Opened the class Gone.',NULL,NULL,'null','null',NULL);
INSERT INTO "actions" VALUES(6,2,1.79595782715056014053e+09,'Closed the class.','classes',2,'{"closed": null}','{"closed": 1795957827.1501641}',NULL);
CREATE TABLE classes (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	code VARCHAR(6) NOT NULL, 
	title VARCHAR(60) NOT NULL, 
	opened DOUBLE NOT NULL, 
	closed DOUBLE, 
	delete_after DOUBLE NOT NULL, 
	nicknames BOOLEAN NOT NULL, 
	most INTEGER NOT NULL, 
	message VARCHAR(500), 
	message_at DOUBLE, 
	epochs INTEGER, 
	seconds DOUBLE, 
	waiting INTEGER, 
	UNIQUE (code)
);
INSERT INTO "classes" VALUES(1,'XWPXRX','8b, Tuesday',1.7959578270118358135e+09,NULL,4102444800.0,1,25,'Eyes on me',1.79595782713247632987e+09,3,180.0,2);
INSERT INTO "classes" VALUES(2,'ZDVSPK','Gone',1.79595782714192080502e+09,1.79595782715016412736e+09,4102444800.0,0,60,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE leftovers (
	visitor VARCHAR(32) NOT NULL, 
	since DOUBLE NOT NULL, 
	PRIMARY KEY (visitor)
);
CREATE TABLE members (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	class_id INTEGER NOT NULL, 
	visitor VARCHAR(32) NOT NULL, 
	public_id VARCHAR(12) NOT NULL, 
	handle VARCHAR(40) NOT NULL, 
	handle_key VARCHAR(80) NOT NULL, 
	joined DOUBLE NOT NULL, 
	seen DOUBLE NOT NULL, 
	page VARCHAR(20) NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	hidden BOOLEAN NOT NULL, 
	UNIQUE (class_id, handle_key), 
	UNIQUE (class_id, public_id), 
	FOREIGN KEY(class_id) REFERENCES classes (id) ON DELETE CASCADE, 
	UNIQUE (visitor)
);
INSERT INTO "members" VALUES(1,1,'4742a44a44be12fe43489806cc3b9b22','ca85f4cb4f6a','Zoë','zoe',1.79595782707253146166e+09,1.79595782707253146166e+09,'','here',0);
INSERT INTO "members" VALUES(2,1,'5ab29c26d349257aedc1313f6353ad8f','b7d109ec5d6a','Mint elk','mintelk',1.79595782708638954158e+09,1.79595782708638954158e+09,'','removed',1);
INSERT INTO "members" VALUES(3,2,'15252295dba7b9222c5e20af5a4b4a76','dd8f7a634c85','Turquoise puffin','turquoisepuffin',1.795957827147313118e+09,1.795957827147313118e+09,'','here',0);
CREATE TABLE tokens (
	hash VARCHAR(64) NOT NULL, 
	kind VARCHAR(10) NOT NULL, 
	member_id INTEGER, 
	parent VARCHAR(64), 
	made DOUBLE NOT NULL, 
	expires DOUBLE, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(member_id) REFERENCES members (id) ON DELETE CASCADE
);
INSERT INTO "tokens" VALUES('8893867cb93daacb5f20dd6f2b8442bda6a70ddcd81ce9f54d086a985bc885c3','member',1,NULL,1.79595782707357382772e+09,NULL);
INSERT INTO "tokens" VALUES('6484056e84ddb4cbdb8c613b5b61fb87ed72ce1764894f91ecffd62d142ef30a','member',2,NULL,1.79595782708682799337e+09,NULL);
INSERT INTO "tokens" VALUES('1c9df2c934f05c1dc3d1104a7b2f4f8ef3f532311e13c1244487fe2bde6d28f4','member',1,'8893867cb93daacb5f20dd6f2b8442bda6a70ddcd81ce9f54d086a985bc885c3',1.79595782711908245085e+09,NULL);
INSERT INTO "tokens" VALUES('07e05cbbbddfaa00334dc94fdfca53693187d662212e9dcbe5fc0077f77c2dc1','member',3,NULL,1.79595782714764571185e+09,NULL);
CREATE INDEX ix_classes_delete_after ON classes (delete_after);
CREATE INDEX ix_actions_class_id ON actions (class_id);
CREATE INDEX tokens_of_member ON tokens (member_id);
CREATE INDEX ix_tokens_expires ON tokens (expires);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('classes',2);
INSERT INTO "sqlite_sequence" VALUES('actions',6);
INSERT INTO "sqlite_sequence" VALUES('members',3);
COMMIT;
