//! Names as their owners write them, each with plain letters for a username.
//!
//! Words are parted by spaces, a word and its plain letters by `/`. Where a plain form is missing it is the word in
//! small letters; a space inside a name is written `~`. Family names are of forms that suit any given name.

use crate::networks::Site;
use crate::people::Order;

/// Names that go together.
pub(crate) struct Script {
    /// How many of a hundred members.
    pub(crate) weight: u32,
    pub(crate) order: Order,
    /// Which office they are likely to work at.
    pub(crate) sites: [(u32, Site); 3],
    pub(crate) given: &'static str,
    pub(crate) family: &'static str,
}

const fn sites(rotterdam: u32, toronto: u32, osaka: u32) -> [(u32, Site); 3] {
    [(rotterdam, Site::Rotterdam), (toronto, Site::Toronto), (osaka, Site::Osaka)]
}

pub(crate) const SCRIPTS: &[Script] = &[
    // Latin first: the others are told apart by their letters.
    Script {
        weight: 60,
        order: Order::GivenFirst,
        sites: sites(70, 28, 2),
        given: "Anna Łukasz/lukasz Jürgen/juergen François/francois Élodie/elodie José/jose Lucía/lucia \
            Søren/soeren Åsa/asa Ingrid Márton/marton Zsófia/zsofia Jiří/jiri Kateřina/katerina Ayşe/ayse Emre \
            Thảo/thao Đức/duc Maeve Liam Priya Kwame Amara Chidi Noah Emily James Grace Olivia Pedro João/joao \
            Inês/ines Mateus Giulia Matteo Sanne Daan Björn/bjoern Saoirse Siân/sian Tomás/tomas Agnieszka \
            Håkon/haakon Renée/renee",
        family: "Mazur Nowak Müller/mueller Schröder/schroeder Weiß/weiss Dupont Lefèvre/lefevre \
            García/garcia Núñez/nunez Sørensen/soerensen Lindqvist Ångström/angstrom Szabó/szabo \
            Horváth/horvath Krejčí/krejci Mäkinen/maekinen Yılmaz/yilmaz Şahin/sahin Nguyễn/nguyen Trần/tran \
            O'Brien/obrien Murphy Sharma Mensah Okafor Adeyemi Smith Taylor Evans Williams Silva \
            Gonçalves/goncalves Araújo/araujo Rossi Bianchi de~Vries/devries van~den~Berg/vandenberg \
            Wójcik/wojcik Walsh Tremblay Côté/cote Martin Meyer Jansen",
    },
    Script {
        weight: 8,
        order: Order::GivenFirst,
        sites: sites(85, 14, 1),
        given: "Анна/anna Дмитрий/dmitry Екатерина/ekaterina Сергей/sergey Ольга/olga Михаил/mikhail \
            Наталія/nataliia Тарас/taras Оксана/oksana Иван/ivan Милица/milica Петър/petar Юлия/yulia \
            Алексей/alexey",
        family: "Петренко/petrenko Шевченко/shevchenko Коваль/koval Бондаренко/bondarenko Кравчук/kravchuk \
            Щербак/shcherbak Лысенко/lysenko Ткач/tkach Черных/chernykh Савченко/savchenko Мельник/melnyk \
            Јовановић/jovanovic",
    },
    Script {
        weight: 4,
        order: Order::GivenFirst,
        sites: sites(90, 10, 0),
        given: "Γιώργος/giorgos Ελένη/eleni Νίκος/nikos Μαρία/maria Κώστας/kostas Αικατερίνη/aikaterini \
            Δημήτρης/dimitris Σοφία/sofia Θανάσης/thanasis Άννα/anna",
        family: "Νικολάου/nikolaou Γεωργίου/georgiou Οικονόμου/oikonomou Ιωάννου/ioannou Αντωνίου/antoniou \
            Δημητρίου/dimitriou Βασιλείου/vasileiou Αθανασίου/athanasiou Παπαγεωργίου/papageorgiou \
            Κωνσταντίνου/konstantinou",
    },
    Script {
        weight: 5,
        order: Order::GivenFirst,
        sites: sites(60, 38, 2),
        given: "محمد/mohammed فاطمة/fatima أحمد/ahmed ليلى/layla يوسف/youssef مريم/mariam عمر/omar نور/nour \
            خالد/khaled سلمى/salma حسن/hassan هدى/huda",
        family: "الخطيب/alkhatib حداد/haddad المصري/almasri نجار/najjar منصور/mansour الشامي/alshami \
            صالح/saleh بن~علي/benali قاسم/qasim العلوي/alalawi درويش/darwish سليمان/sulaiman",
    },
    Script {
        weight: 3,
        order: Order::GivenFirst,
        sites: sites(60, 40, 0),
        given: "נועה/noa דוד/david יעל/yael איתן/eitan תמר/tamar אורי/uri מיכל/michal יונתן/yonatan \
            שירה/shira עומר/omer",
        family: "כהן/cohen לוי/levi מזרחי/mizrahi פרידמן/friedman ביטון/biton אברהם/avraham שפירא/shapira \
            גולן/golan ברק/barak רוזן/rosen",
    },
    Script {
        weight: 5,
        order: Order::GivenFirst,
        sites: sites(45, 45, 10),
        given: "प्रिया/priya राहुल/rahul अनन्या/ananya विक्रम/vikram सुनीता/sunita अर्जुन/arjun मीरा/meera \
            रोहन/rohan काव्या/kavya संजय/sanjay दीपिका/deepika अमित/amit",
        family: "शर्मा/sharma वर्मा/verma पाटील/patil गुप्ता/gupta जोशी/joshi सिंह/singh मेहता/mehta \
            कुलकर्णी/kulkarni यादव/yadav श्रेष्ठ/shrestha मिश्रा/mishra देशपांडे/deshpande",
    },
    Script {
        weight: 6,
        order: Order::FamilyFirst,
        sites: sites(4, 6, 90),
        given: "健/ken さくら/sakura 大輔/daisuke 美咲/misaki 翔太/shota 陽子/yoko ハナ/hana 直樹/naoki \
            由美子/yumiko 拓海/takumi 葵/aoi 誠/makoto",
        family: "佐藤/sato 鈴木/suzuki 高橋/takahashi 田中/tanaka 渡辺/watanabe 伊藤/ito 山本/yamamoto \
            中村/nakamura 小林/kobayashi 加藤/kato 吉田/yoshida 松本/matsumoto",
    },
    Script {
        weight: 6,
        order: Order::FamilyFirstJoined,
        sites: sites(10, 35, 55),
        given: "伟/wei 芳/fang 秀英/xiuying 敏/min 静/jing 磊/lei 洋/yang 艳/yan 建国/jianguo 晓明/xiaoming \
            雨桐/yutong 思远/siyuan",
        family: "王/wang 李/li 张/zhang 刘/liu 陈/chen 杨/yang 黄/huang 赵/zhao 吴/wu 周/zhou 徐/xu \
            欧阳/ouyang",
    },
    Script {
        weight: 3,
        order: Order::FamilyFirstJoined,
        sites: sites(5, 25, 70),
        given: "민준/minjun 서연/seoyeon 지후/jihoo 하은/haeun 도윤/doyun 지우/jiwoo 예준/yejun 수빈/subin \
            현우/hyunwoo 은지/eunji",
        family: "김/kim 이/lee 박/park 최/choi 정/jung 강/kang 조/cho 윤/yoon 장/jang 한/han",
    },
];

/// The rare one, for searches that find little.
pub(crate) const ZOE: &str = "Zoë/zoe";

/// Accounts of programs: username and display name.
pub(crate) const MACHINES: &[(&str, &str)] = &[
    ("ci-runner", "CI runner"),
    ("deploy-bot", "Deploy bot"),
    ("grafana-alerts", "Grafana alerts"),
    ("nightly-report", "Nightly report"),
    ("backup.agent", "Backup agent"),
    ("ldap_sync", "LDAP sync"),
    ("helpdesk-bridge", "Helpdesk bridge"),
];
